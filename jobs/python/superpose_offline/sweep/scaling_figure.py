"""The figure of a scaling study: measured steps, the model fitted to them, what it predicts."""

from matplotlib import pyplot as plt
import numpy as np

from ..draw.style import BLUE, GREY, ORANGE, REFERENCE, add_note, plain
from .scaling_model import LATENCY_TEXT

SCALINGS = {"strong": "strong scaling: one batch for all ranks",
            "weak": "weak scaling: one batch a rank"}
PREDICTED = (0, (5, 2))
OTHER = "#bbbbbb"
TOLERABLE = 0.2  # deviation of the steps from the model, rms
LEFT_OUT = ("The model leaves out: which ranks share a node, memory or a link (all pairs of ranks "
            "cost the same), waits for a slower rank, leaves that do not divide evenly (strong "
            "scaling takes a leaf a rank at least), and that less may be hidden behind backward as "
            "communication grows: dotted, if nothing is. Exchange is a time a step, not a byte "
            "(the file does not tell the number of parameters): it holds for this model alone.")


def milliseconds(seconds):
    return f"{1e3 * seconds:.4g}"


def listed(counts):
    return ", ".join(f"{count:.0f}" for count in counts)


def rms(deviations):
    return float(np.sqrt(np.mean(np.square(deviations)))) if len(deviations) else 0.0


def deviation_text(model, steps):
    deviations = model.deviations(steps)
    return (f"from the steps it deviates by {100 * rms(deviations):.1f} % rms, "
            f"{100 * np.abs(deviations).max():.1f} % at most, from their exposed communication by "
            f"{100 * rms(model.exposed_deviations(steps)):.1f} % rms")


def warning_of(model, steps):
    """What is said of a model that misses the measured steps."""
    if rms(model.deviations(steps)) <= TOLERABLE:
        return ""
    return (f"THE MODEL DOES NOT DESCRIBE THESE STEPS (it deviates by more than "
            f"{100 * TOLERABLE:.0f} % rms), as where ranks share cores or memory: its predictions "
            "are of no use here.")


def communication_text(model, costs):
    latency, exchange = costs
    return (f"{milliseconds(latency)} ms × {LATENCY_TEXT[model.latency]} + "
            f"{milliseconds(exchange)} ms × (P − 1)/P")


def assumptions(steps, prediction):
    """What is written beside the curves."""
    model = prediction.model
    return [warning_of(model, steps),
            f"Model: step(P) = {milliseconds(model.serial)} ms serial + "
            f"{milliseconds(model.shared)} ms × share of the work + exposed communication; share = "
            "1/P (strong) or 1 (weak); exposed communication = "
            f"{communication_text(model, model.exposed)}; with nothing hidden "
            f"{communication_text(model, model.blocking)}. Non-negative least squares in relative "
            f"terms over {len(steps.ranks)} measured steps at {listed(steps.counts)} ranks, both "
            f"scalings together; {deviation_text(model, steps)}. Band: the fits with one rank "
            "count left out.", LEFT_OUT]


# --- Time of a step and speed-up -----------------------------------------------------------------

def curve_ranks(steps, predicted):
    """(within what was measured, beyond it); whole numbers."""
    first, last = steps.counts[0], steps.counts[-1]
    within = np.unique(np.geomspace(first, last, 80).round())
    highest = max(predicted, default=last)
    beyond = np.unique(np.geomspace(last, max(highest, last), 80).round())
    return within, beyond


def above_zero(values):
    """For logarithmic axes."""
    return np.where(values > 0, values, np.nan)


def plot_model(ax, of_ranks, ranges, color):
    """The curve of the model, dashed beyond what was measured."""
    for ranks, linestyle in zip(ranges, ("-", PREDICTED)):
        ax.plot(ranks, above_zero(of_ranks(ranks)), color=color, linewidth=1, linestyle=linestyle)


def draw_times(ax, scaling, steps, prediction, ranges):
    ax.plot(steps.ranks, steps.step, "o", color=BLUE, markersize=4, label="step")
    ax.plot(steps.ranks, above_zero(steps.exposed), "s", color=ORANGE, markersize=3.5,
            label="exposed communication, part of it")
    ax.plot(steps.ranks, above_zero(steps.blocking), "s", color=ORANGE, markersize=3.5,
            markerfacecolor="white", label="communication with nothing hidden")
    if prediction is None:
        return
    model = prediction.model
    plot_model(ax, lambda ranks: model.step(scaling, ranks), ranges, BLUE)
    plot_model(ax, model.communication, ranges, ORANGE)
    everything = np.concatenate(ranges)
    for color, unhidden in ((BLUE, model.step(scaling, everything, is_hidden=False)),
                            (ORANGE, model.communication(everything, is_hidden=False))):
        ax.plot(everything, above_zero(unhidden), color=color, linewidth=1, linestyle=":")
    ax.fill_between(everything, *prediction.step_range(scaling, everything), color=BLUE, alpha=0.15,
                    linewidth=0)


def draw_speedup(ax, scaling, steps, prediction, ranges):
    """Weak: of the work done in a given time."""
    def speedup(one_rank, step, ranks):
        return one_rank / step * (ranks if scaling == "weak" else 1)

    ax.plot(steps.ranks, speedup(steps.one_rank, steps.step, steps.ranks), "o", color=BLUE,
            markersize=4)
    ends = np.array([1, np.concatenate(ranges).max()])
    ax.plot(ends, ends, **REFERENCE, label="ideal")
    if prediction is None:
        return
    one_rank = np.mean(steps.one_rank)
    plot_model(ax, lambda ranks: speedup(one_rank, prediction.model.step(scaling, ranks), ranks),
               ranges, BLUE)


# --- Where the time goes -------------------------------------------------------------------------

def parts_of(one_rank, step, exposed, ranks, scaling):
    """(ideal, exposed communication, other) as shares of a step."""
    ideal = one_rank / step / (ranks if scaling == "strong" else 1)
    return ideal, exposed / step, np.maximum(1 - ideal - exposed / step, 0)


def measured_parts(steps, scaling):
    """[count, part], means over the points of a rank count."""
    parts = np.stack(parts_of(steps.one_rank, steps.step, steps.exposed, steps.ranks, scaling), 1)
    return np.array([parts[steps.ranks == count].mean(axis=0) for count in steps.counts])


def predicted_parts(steps, scaling, prediction, predicted):
    ranks = np.array(predicted, dtype=float)
    model = prediction.model
    return np.stack(parts_of(np.mean(steps.one_rank), model.step(scaling, ranks),
                             model.communication(ranks), ranks, scaling), axis=1)


def stack_bars(ax, x, parts, **style):
    bottom = np.zeros(len(x))
    for values, color in zip(parts.T, (BLUE, ORANGE, OTHER)):
        ax.bar(x, 100 * values, 0.7, bottom=100 * bottom, color=color, **style)
        bottom += values


def draw_parts(ax, scaling, steps, prediction, predicted):
    counts = [f"{count:.0f}" for count in steps.counts]
    n = len(counts)
    stack_bars(ax, np.arange(n), measured_parts(steps, scaling))
    predicted = [count for count in predicted if count not in steps.counts]
    if predicted:
        stack_bars(ax, n + np.arange(len(predicted)),
                   predicted_parts(steps, scaling, prediction, predicted), alpha=0.6, hatch="///",
                   edgecolor="white", linewidth=0)
        counts += map(str, predicted)
    ax.set_xticks(range(len(counts)), counts)
    ax.axhline(100, **REFERENCE)
    ax.set_xlabel("ranks")


# --- The figure ----------------------------------------------------------------------------------

def legend_of(fig, axes, prediction, predicted):
    entries = {}
    for ax in axes[:2].flat:
        for handle, label in zip(*ax.get_legend_handles_labels()):
            entries.setdefault(label, handle)
    if prediction is not None:
        entries["model with nothing hidden"] = plt.Line2D([], [], color=GREY, linewidth=1,
                                                          linestyle=":")
        entries["model, fitted"] = plt.Line2D([], [], color=GREY, linewidth=1)
    if predicted:
        entries["model, predicted"] = plt.Line2D([], [], color=GREY, linewidth=1,
                                                 linestyle=PREDICTED)
        entries["predicted parts"] = plt.Rectangle((0, 0), 1, 1, facecolor=GREY, alpha=0.6,
                                                   hatch="///", edgecolor="white", linewidth=0)
    for label, color in (("part: work, ideally shared", BLUE),
                         ("part: exposed communication", ORANGE),
                         ("part: serial work, waits, contention", OTHER)):
        entries[label] = plt.Rectangle((0, 0), 1, 1, facecolor=color)
    return fig.legend(entries.values(), entries.keys(), loc="upper center", ncol=3,
                      bbox_to_anchor=(0.5, 0), columnspacing=1.4)


def show_ranks(ax, highest):
    ax.set_xscale("log", base=2)
    ax.set_xlim(0.85, 1.18 * highest)
    ax.set_yscale("log")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:g}")
    ax.set_xlabel("ranks P")


def draw_scaling(title, steps, prediction, predicted, missing):
    """predicted: numbers of ranks; prediction: None for the measured alone."""
    fig, axes = plt.subplots(3, 2, layout="constrained", sharey="row", figsize=(7.2, 7),
                             gridspec_kw={"height_ratios": [1.3, 1.1, 1]})
    ranges = curve_ranks(steps, predicted)
    for (scaling, what), (times, speedup, parts) in zip(SCALINGS.items(), axes.T):
        of_scaling = steps.of(scaling)
        draw_times(times, scaling, of_scaling, prediction, ranges)
        draw_speedup(speedup, scaling, of_scaling, prediction, ranges)
        draw_parts(parts, scaling, of_scaling, prediction, predicted)
        times.set_title(what, loc="left", fontsize=9, fontweight="bold")
        for ax in (times, speedup):
            show_ranks(ax, np.concatenate(ranges).max())
    for ax, label in zip(axes[:, 0], ("time (s)", "speed-up over one rank\n(weak: of the work)",
                                      "parts of a step (%)")):
        ax.set_ylabel(label)
    fig.suptitle(plain(title), fontsize=9, x=0.01, ha="left")
    legend = legend_of(fig, axes, prediction, predicted)
    written = assumptions(steps, prediction) if prediction is not None else []
    add_note(fig, legend, [*written, missing])
    return fig
