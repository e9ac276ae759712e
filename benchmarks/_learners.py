"""One run of one side of learning.py: ``python _learners.py <side> <task> <seed>`` prints JSON."""

import json
import sys
import time
import warnings
from inspect import signature

EPISODES = 100
TASKS = {  # threshold of the mean return, steps between evaluations, cap on the steps
    "CartPole-v1": (475.0, 2048, 200_000),
    "Pendulum-v1": (-200.0, 4096, 300_000),
}
SB3 = {  # what differs from the defaults of sb3-contrib; "zoo": RL Baselines3 Zoo, hyperparams/trpo.yml
    ("sb3-defaults", "CartPole-v1"): {},
    ("sb3-defaults", "Pendulum-v1"): {},
    ("sb3-eight", "CartPole-v1"): {"n_envs": 8, "n_steps": 128},
    ("sb3-zoo", "Pendulum-v1"): {
        "n_envs": 2,
        "n_steps": 1024,
        "gamma": 0.9,
        "n_critic_updates": 15,
        "use_sde": True,
        "sde_sample_freq": 4,
    },
}


NGBOOK = {
    "CartPole-v1": {
        "environments": 64,
        "steps": 32,
        "observation_scale": (1 / 2.4, 0.5, 1 / 0.21, 0.5),
        "trpo": {"radius": 0.03, "damping": 0.03, "iterations": 5},
        "train": {"discount": 0.98, "trace": 0.97},
    },
    "Pendulum-v1": {
        "environments": 16,
        "steps": 200,  # whole episodes
        "observation_scale": (1, 1, 1 / 8),
        "trpo": {"radius": 0.04, "damping": 0.03, "iterations": 10},
        "train": {"discount": 0.97, "trace": 0.95},
    },
}
HIDDEN = (32,)
TIANSHOU = {"environments": 8, "steps": 1024, "gae_lambda": 0.98, "max_kl": 0.02, "optim_critic_iters": 20}


def settings_of(layers, value, batch, discount, trace, radius, damping, iterations):
    """A side's row in the table of settings; the numbers are read from what runs."""
    return {
        "policy network": f"{' × '.join(map(str, layers))} tanh",
        "value estimate": value,
        "environments × steps": f"{batch[0]} × {batch[1]}",
        "discount, trace": f"{discount}, {trace}",
        "radius": f"{radius}",
        "damping": f"{damping}",
        "CG iterations": f"{iterations}",
    }


class Race:
    """The clock, the evaluator and the finishing line, the same for every side."""

    def __init__(self, task, seed):
        self.task, self.seed = task, seed
        self.threshold, self.every, self.cap = TASKS[task]
        self.due, self.steps, self.in_a_row = self.every, 0, 0
        self.environments, self.evaluations, self.settings = None, [], {}
        self.spent, self.pause = [0.0, 0.0], [0.0, 0.0]

    def start(self):
        """Everything is built: the clock starts."""
        self.mark = time.process_time(), time.perf_counter()

    def lap(self, total):
        """Add what has passed since the last mark to a total, in place."""
        now = time.process_time(), time.perf_counter()
        total[:] = (spent + b - a for spent, a, b in zip(total, self.mark, now, strict=True))
        self.mark = now

    def over(self, steps, act):
        """To be called after every update; ``act`` samples actions for observations. True at the finish."""
        if steps < self.due:
            return False
        self.lap(self.spent)
        self.steps, self.due = steps, (steps // self.every + 1) * self.every
        mean = self.evaluate(act)
        self.evaluations.append((steps, mean))
        self.in_a_row = self.in_a_row + 1 if mean >= self.threshold else 0
        self.lap(self.pause)
        return self.in_a_row == 3 or steps >= self.cap

    def evaluate(self, act):
        """Mean return of fresh episodes, one in each of as many environments."""
        import gymnasium
        import numpy as np

        if self.environments is None:
            vectorised = gymnasium.spec(self.task).vector_entry_point is not None
            mode = "vector_entry_point" if vectorised else "sync"
            self.environments = gymnasium.make_vec(self.task, num_envs=EPISODES, vectorization_mode=mode)
        observations, _ = self.environments.reset(seed=10_000_000 * self.seed + self.steps)
        running, returns = np.ones(EPISODES, dtype=bool), np.zeros(EPISODES)
        while running.any():
            observations, rewards, terminated, truncated, _ = self.environments.step(act(observations))
            returns += rewards * running
            running &= ~(terminated | truncated)
        return float(returns.mean())

    def report(self):
        """What learning.py reads."""
        return {
            "settings": self.settings,
            "solved": self.in_a_row == 3,
            "steps": self.steps,
            "training_processor": self.spent[0],
            "training_wall": self.spent[1],
            "evaluation_processor": self.pause[0],
            "evaluation_wall": self.pause[1],
            "evaluations": self.evaluations,
        }


def sb3(race, settings):
    """sb3-contrib's TRPO, watched where a collection starts, that is after each update."""
    import torch
    from sb3_contrib import TRPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env

    torch.set_num_threads(1)
    settings = dict(settings)
    environments = make_vec_env(race.task, n_envs=settings.pop("n_envs", 1), seed=race.seed)
    model = TRPO("MlpPolicy", environments, seed=race.seed, device="cpu", **settings)

    def act(observations):
        if model.use_sde and act.calls % model.sde_sample_freq == 0:
            model.policy.reset_noise(len(observations))
        act.calls += 1
        return model.predict(observations)[0]

    class Watch(BaseCallback):
        finished = False

        def _on_rollout_start(self):
            act.calls = 0
            with torch.random.fork_rng():
                self.finished = self.num_timesteps > 0 and race.over(self.num_timesteps, act)

        def _on_step(self):
            return not self.finished

    race.settings = settings_of(
        layers=[layer.out_features for layer in model.policy.mlp_extractor.policy_net[::2]],
        value=f"a second network, {model.n_critic_updates} passes of Adam at {model.learning_rate}",
        batch=(model.n_envs, model.n_steps),
        discount=model.gamma,
        trace=model.gae_lambda,
        radius=model.target_kl,
        damping=model.cg_damping,
        iterations=model.cg_max_steps,
    )
    race.start()
    model.learn(2 * race.cap, callback=Watch())


def tianshou(race):
    """tianshou's TRPO: the network and the loop of its MuJoCo example, with a categorical actor."""
    import gymnasium
    import numpy as np
    import torch
    from tianshou.algorithm import TRPO
    from tianshou.algorithm.modelfree.reinforce import DiscreteActorPolicy
    from tianshou.algorithm.optim import AdamOptimizerFactory
    from tianshou.data import Batch, Collector, CollectStats, VectorReplayBuffer
    from tianshou.env import DummyVectorEnv
    from tianshou.trainer import OnPolicyTrainerParams
    from tianshou.utils.net.common import Net
    from tianshou.utils.net.discrete import DiscreteActor, DiscreteCritic

    torch.set_num_threads(1)
    np.random.seed(race.seed)  # noqa: NPY002 (what tianshou draws from)
    torch.manual_seed(race.seed)
    settings = dict(TIANSHOU)
    count, steps = settings.pop("environments"), settings.pop("steps")
    environments = DummyVectorEnv([lambda: gymnasium.make(race.task) for _ in range(count)])
    environments.seed(race.seed)
    space = environments.observation_space[0].shape
    actions = int(environments.action_space[0].n)

    def net():
        return Net(state_shape=space, hidden_sizes=[64, 64], activation=torch.nn.Tanh)

    actor = DiscreteActor(preprocess_net=net(), action_shape=actions, softmax_output=False)
    critic = DiscreteCritic(preprocess_net=net())
    for module in [*actor.modules(), *critic.modules()]:
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.orthogonal_(module.weight, gain=np.sqrt(2))
            torch.nn.init.zeros_(module.bias)
    for module in actor.last.modules():
        if isinstance(module, torch.nn.Linear):
            module.weight.data *= 0.01
    policy = DiscreteActorPolicy(actor=actor, action_space=environments.action_space[0])
    algorithm = TRPO(
        policy=policy,
        critic=critic,
        optim=AdamOptimizerFactory(lr=1e-3),
        gamma=0.99,
        return_scaling=True,
        max_batchsize=4096,
        **settings,
    )
    (learning_rate,) = [group["lr"] for group in algorithm.optim._optim.param_groups]
    race.settings = settings_of(
        layers=[layer.out_features for layer in actor.preprocess.modules() if hasattr(layer, "out_features")],
        value=f"a second network, {algorithm.optim_critic_iters} steps of Adam at {learning_rate}",
        batch=(count, steps),
        discount=algorithm.gamma,
        trace=algorithm.gae_lambda,
        radius=algorithm.max_kl,
        damping=algorithm._damping,
        iterations=signature(algorithm._conjugate_gradients).parameters["nsteps"].default,
    )
    collector = Collector[CollectStats](algorithm, environments, VectorReplayBuffer(2 * steps, count))

    def act(observations):
        with torch.no_grad():
            return policy(Batch(obs=observations, info={})).act.numpy()

    class Finished(Exception):
        """The trainer has no other way out at this point."""

    def watch(_, taken):
        with torch.random.fork_rng():
            if taken and race.over(taken, act):
                raise Finished

    race.start()
    try:
        algorithm.run_training(
            OnPolicyTrainerParams(
                training_collector=collector,
                max_epochs=1000,
                epoch_num_steps=10 * race.cap,
                collection_step_num_env_steps=steps,
                update_step_num_repetitions=1,
                batch_size=None,
                training_fn=watch,
                verbose=False,
                show_progress=False,
            )
        )
    except Finished:
        pass


def ngbook(race):
    """ngbook's TRPO: a policy of 32 tanh units, in float32 as the peers', and ridge regression."""
    from functools import partial

    import numpy as np

    from ngbook import environments, policies
    from ngbook.policy_gradient import FourierBaseline, train, trpo

    settings = NGBOOK[race.task]
    rng, fresh = (np.random.default_rng([race.seed, stream]) for stream in range(2))
    environment = environments.make(race.task, num_envs=settings["environments"])
    scale = settings["observation_scale"]
    policy = policies.for_environment(environment, hidden=HIDDEN, observation_scale=scale, dtype=np.float32)
    baseline = FourierBaseline(len(scale), rng, observation_scale=scale)

    def until(record):
        def act(observations):
            return policy.at(record.theta, observations).sample(fresh)

        return race.over(record.steps, act)

    race.settings = settings_of(
        layers=HIDDEN,
        value=f"ridge regression on {len(baseline._phases)} Fourier features",
        batch=(settings["environments"], settings["steps"]),
        **settings["train"],
        **settings["trpo"],
    )
    race.start()
    train(
        environment,
        policy,
        partial(trpo, **settings["trpo"]),
        iterations=race.cap,
        steps=settings["steps"],
        rng=rng,
        baseline=baseline,
        until=until,
        progress=None,
        **settings["train"],
    )


def main():
    """Run the side that the command line names."""
    side, task, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
    warnings.simplefilter("ignore")
    race = Race(task, seed)
    if side == "ngbook":
        ngbook(race)
    elif side == "tianshou":
        tianshou(race)
    else:
        sb3(race, SB3[side, task])
    print(json.dumps(race.report()))


if __name__ == "__main__":
    main()
