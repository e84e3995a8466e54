"""Problems and the sequences each training method makes of them.

Independent of the C++ generator: layered random graphs are enough here, because what is compared
is the model, not the data. Prompt and methods are those of the published code (dataset.py of
github.com/Ber666/emergence-of-superposition).
"""

import random
from dataclasses import dataclass

LATENT, EDGE_END, QUESTION, ROOT, ANSWER, EOS = 33, 34, 35, 36, 37, 38
VOCAB_SIZE = 40


@dataclass
class Problem:
    edges: list
    root: int
    target: int
    neg_target: int
    optimal: list   # [k]: nodes at hop k on a shortest path to the target
    within: list    # [k]: nodes at most k hops from the root, root included

    @property
    def hops(self):
        return len(self.optimal) - 1


@dataclass
class Sequence:
    """Mirrors superpose::Sequence; targets are (position, labels) by ascending position."""
    tokens: list
    latent_begin: int
    n_latent: int
    feed_back: bool
    targets: list


def grow_side(rng, first_id, n_layers, max_width):
    """Layers of new ids and edges such that layer k is exactly k hops from the first node."""
    layers, edges = [[first_id]], []
    next_id = first_id + 1
    for _ in range(n_layers):
        layer = list(range(next_id, next_id + rng.randint(1, max_width)))
        next_id = layer[-1] + 1
        for node in layer:
            parents = rng.sample(layers[-1], min(len(layers[-1]), rng.randint(1, 2)))
            edges += [(parent, node) for parent in parents]
        layers.append(layer)
    return layers, edges, next_id


def ancestors(edges, node):
    found = {node}
    while True:
        more = {a for a, b in edges if b in found} - found
        if not more:
            return found
        found |= more


def make_problem(rng, hops, max_width):
    """A graph of two separate sides under a random permutation of its ids."""
    layers, edges, n = grow_side(rng, 0, hops, max_width)
    other_layers, other_edges, n = grow_side(rng, n, 2, max_width)
    target = rng.choice(layers[-1])
    on_path = ancestors(edges, target)
    ids = rng.sample(range(n), n)

    def rename(nodes):
        return [ids[v] for v in nodes]

    return Problem(
        edges=[tuple(rename(edge)) for edge in edges + other_edges],
        root=ids[0],
        target=ids[target],
        neg_target=ids[rng.choice(other_layers[-1])],
        optimal=[rename(v for v in layer if v in on_path) for layer in layers],
        within=[rename(sum(layers[:k + 1], [])) for k in range(hops + 1)])


def make_problems(seed, hops, max_width, n_edges):
    """One problem per entry of `hops`, each with a number of edges in the range `n_edges`."""
    rng = random.Random(seed)
    problems = []
    while len(problems) < len(hops):
        problem = make_problem(rng, hops[len(problems)], max_width)
        if len(problem.edges) in n_edges:
            problems.append(problem)
    return problems


def prompt(problem, rng):
    """<eos> s t | s t | ... | s t [Q] c1 c2 [R] root; no | after the last edge."""
    edges = rng.sample(problem.edges, len(problem.edges))
    candidates = rng.sample([problem.target, problem.neg_target], 2)
    tokens = [EOS]
    for edge in edges:
        tokens += [*edge, EDGE_END]
    return tokens[:-1] + [QUESTION, *candidates, ROOT, problem.root]


def coconut(problem, rng, stage, candidates=None, feed_back=True):
    """Stage s of the curriculum. Up to stage H-1: s thoughts, then a node at hop s+1; stage H:
    H thoughts and [A], then the target. `candidates`: [k] label sets, None for one node drawn
    from the optimal ones."""
    tokens = prompt(problem, rng)
    n_latent = min(stage, problem.hops)
    text = tokens + n_latent * [LATENT]
    hop = n_latent + 1
    if hop > problem.hops:
        text.append(ANSWER)
        labels = [problem.target]
    elif candidates is None:
        labels = [rng.choice(problem.optimal[hop])]
    else:
        labels = candidates[hop]
    return Sequence(text, len(tokens), n_latent, feed_back, [(len(text) - 1, labels)])


def coconut_bfs_sample(problem, rng, stage):
    """A node drawn from all nodes exactly k hops from the root."""
    frontier = [sorted(set(near) - set(nearer))
                for nearer, near in zip([[]] + problem.within, problem.within)]
    return coconut(problem, rng, stage, [[rng.choice(nodes)] for nodes in frontier])


def coconut_bfs_loss(problem, rng, stage):
    """The published candidate set: every node within k hops."""
    return coconut(problem, rng, stage, problem.within)


def pause(problem, rng, stage):
    return coconut(problem, rng, stage, feed_back=False)


def every_hop(problem, rng, stage, candidates=None, feed_back=True):
    """Stage s with the labels of every earlier hop before its thought (method.supervise "all")."""
    sequence = coconut(problem, rng, stage, candidates, feed_back)
    earlier = [(sequence.latent_begin - 1 + i,
                candidates[i + 1] if candidates else [rng.choice(problem.optimal[i + 1])])
               for i in range(sequence.n_latent)]
    sequence.targets = earlier + sequence.targets
    return sequence


def supervised(tokens, continuation):
    """A prompt whose continuation is supervised token by token."""
    text = tokens + continuation
    targets = [(i - 1, [text[i]]) for i in range(len(tokens), len(text))]
    return Sequence(text[:-1], len(tokens), 0, False, targets)


def cot(problem, rng):
    """The path is drawn hop by hop among the nodes of shortest paths."""
    path = [problem.root]
    for optimal in problem.optimal[1:]:
        path.append(rng.choice([b for a, b in problem.edges if a == path[-1] and b in optimal]))
    path = path[1:]
    return supervised(prompt(problem, rng), path + [ANSWER, problem.target, EOS])


def no_cot(problem, rng):
    return supervised(prompt(problem, rng), [ANSWER, problem.target, EOS])


def every_step(problem, rng):
    """Not a training method: logits wanted at every thought and after it, every second one without
    labels; the answer and <eos> supervised. Exercises what the curriculum never puts together."""
    sequence = coconut(problem, rng, problem.hops)
    begin, end = sequence.latent_begin, sequence.latent_begin + sequence.n_latent
    steps = [(i, problem.optimal[i - begin + 2] if (i - begin) % 2 else [])
             for i in range(begin - 1, end - 1)]
    sequence.tokens.append(problem.target)
    sequence.targets = steps + [(end - 1, []), *sequence.targets, (end + 1, [EOS])]
    return sequence


def make_cases(problems, seed):
    """name -> list of sequences. A batch of one stage has the problems of different lengths; the
    mixed ones have a different number of thoughts for each problem, as uniform_prob makes them."""
    rng = random.Random(seed)
    stages = [4, 1, 0, 2, 4]
    cases = {f"coconut_stage_{s}": [coconut(p, rng, s) for p in problems[:3]] for s in range(5)}
    cases["coconut_bfs_sample"] = [coconut_bfs_sample(p, rng, 2) for p in problems[:3]]
    cases["coconut_bfs_loss"] = [coconut_bfs_loss(p, rng, 2) for p in problems[:3]]
    cases["cot"] = [cot(p, rng) for p in problems[:3]]
    cases["no_cot"] = [no_cot(p, rng) for p in problems[:3]]
    cases["pause"] = [pause(p, rng, s) for p, s in zip(problems, stages)]
    cases["mixed"] = [coconut(p, rng, s) for p, s in zip(problems, stages)]
    cases["mixed_bfs_loss"] = [coconut_bfs_loss(p, rng, s) for p, s in zip(problems, stages)]
    cases["every_step"] = [every_step(p, rng) for p in problems[:3]]
    # Last, so that what was drawn before stays the same.
    cases["every_hop"] = [every_hop(p, rng, s) for p, s in zip(problems, stages)]
    cases["every_hop_bfs_loss"] = [every_hop(p, rng, s, p.within)
                                   for p, s in zip(problems, stages)]
    cases["every_hop_pause"] = [every_hop(p, rng, s, feed_back=False)
                                for p, s in zip(problems, stages)]
    return cases


def make_attention_cases(problems, seed):
    """name -> list of sequences whose attention is compared: 0, 2 and 3 thoughts, of which the last
    are followed by [A]; and latent tokens that are not fed back."""
    rng = random.Random(seed)
    return {"coconut": [coconut(p, rng, s) for p, s in zip(problems, (0, 2, 3))],
            "pause": [pause(problems[0], rng, 3)]}
