// What the leaderboard can show: rows by set, restorers by sets for one metric, the Borda order of each task.
// A view has columns and groups of rows; `cell(row, column)` says what stands there.
"use strict";
(() => {
  const here = window.restobench;
  const EMPTY = { value: null, text: "–" };

  const signed = (value, places) => (value > 0 ? "+" : "") + value.toFixed(places).replace("-", "−").replace("Infinity", "∞");
  const range = (low, high) => (low === null ? "–" : low === high ? String(low) : `${low}–${high}`);

  const text = (key, label, more = {}) => ({ key, label, numeric: false, first: "ascending", ...more });
  const amount = (key, label, first, more = {}) => ({ key, label, numeric: true, first, ...more });

  class View {
    constructor(data) {
      this.data = data;
      this.versus = null; // a restorer that gaps are to, in place of the best
      this.metrics = data.metrics.map((metric) => ({
        ...amount(metric.name, metric.name, metric.higher ? "descending" : "ascending"), metric, tip: metric.tip,
      }));
    }

    restorer(row) {
      return this.data.restorers[row.restorer];
    }

    /** A score of a set with its rank and the interval of its gap to the best, drawn and in words. */
    score(group, place, metric) {
      const found = group.cells[metric]?.[place];
      if (!found) return EMPTY;
      const [value, rank, words, ranks, toBest, tied, drawn] = found;
      const { interval, marks } = this.versus === null ? { interval: toBest, marks: drawn } : this.against(group, found, group.restorers[place], metric);
      const other = this.versus === null ? "the best mean" : this.data.restorers[this.versus].name;
      const tip = interval && `95 % interval of the gap to ${other}: ${interval} ${this.data.metrics[metric].unit}`;
      return { value, text: words, rank, ranks, interval, best: rank === 1, tied, marks, tip };
    }

    /** The interval of the gap to the one restorer that is pinned, where it is known: in words, and drawn. */
    against(group, [value, , , , toBest, , drawn], restorer, metric) {
      const pinned = group.cells[metric]?.[group.restorers.indexOf(this.versus)];
      const [start, span] = group.scales[metric];
      if (!pinned || !drawn || start === undefined) return { interval: toBest, marks: drawn };
      const place = (level) => here.clamp((100 * (level - start)) / span, 0, 100);
      if (restorer === this.versus) return { interval: "", marks: [drawn[0], drawn[0], drawn[0], drawn[0]] };
      const pair = (group.pairs[metric] ?? []).find(([a, b]) => (a === restorer && b === this.versus) || (b === restorer && a === this.versus));
      if (!pair || pair[2] === null) return { interval: "", marks: null };
      const [low, high] = pair[0] === restorer ? [pair[2], pair[3]] : [-pair[3], -pair[2]];
      const { places } = this.data.metrics[metric];
      return { interval: `${signed(low, places)} to ${signed(high, places)}`, marks: [place(value), place(pinned[0] + low), place(pinned[0] + high), place(pinned[0])] };
    }

    cell(row, column) {
      const restorer = this.restorer(row);
      if (column.key === "restorer") return { value: restorer.name, text: restorer.name, link: restorer.link };
      if (column.key === "licence") return { value: restorer.licence || null, text: restorer.licence || "not stated", tag: restorer.mark };
      return this.own(row, column);
    }

    get count() {
      return this.groups.reduce((sum, group) => sum + group.rows.length, 0);
    }
  }

  class BySet extends View {
    constructor(data) {
      super(data);
      const flops = data.groups.some((group) => group.costs.some((cost) => cost[1]));
      this.costs = [
        amount("seconds", "seconds", "ascending", { cost: 0, tip: "Median of an image; how it was measured is with each set" }),
        ...(flops ? [amount("flops", "FLOPs", "ascending", { cost: 1, tip: "Median of an image" })] : []),
        amount("parameters", "parameters", "ascending", { cost: 2 }),
        amount("peak", "peak", "ascending", { cost: 3, unit: "MiB", tip: "Most memory beyond the packages" }),
      ];
      this.columns = [
        text("restorer", "restorer"), amount("rank", "rank", "ascending", { tip: "By the metric that is sorted by, else by the first; below it, the ranks that the data cannot exclude" }),
        ...this.metrics, ...this.costs, text("licence", "licence"), amount("failures", "failed", "descending"),
      ];
      this.groups = data.groups.map((group) => ({
        key: group.set, title: group.set, link: group.link, task: group.task, set: group.set, note: noteOf(group),
        rows: group.restorers.map((restorer, place) => ({ restorer, place, of: group })),
      }));
    }

    /** The metric that ranks are by: the one that is sorted by, or the group's first. */
    ranked(group, sorted) {
      const wanted = this.data.metrics.findIndex((metric) => metric.name === sorted);
      return group.cells[wanted] ? wanted : Number(Object.keys(group.cells)[0] ?? -1);
    }

    own(row, column) {
      const { of: group, place } = row;
      if (column.metric) return this.score(group, place, this.metrics.indexOf(column));
      if (column.key === "rank") {
        const score = this.score(group, place, this.ranked(group, this.sorted));
        return score.rank ? { value: score.rank, text: String(score.rank), under: score.ranks } : EMPTY;
      }
      if (column.key === "failures") return { value: group.failures[place], text: String(group.failures[place]), bad: group.failures[place] > 0 };
      const cost = group.costs[place][column.cost];
      if (!cost) return EMPTY;
      return { value: cost[1] === "" ? null : cost[1], text: cost[0], under: cost[2], tip: column.key === "seconds" ? group.costs[place][4] : "" };
    }
  }

  const noteOf = (group) => {
    const images = `${group.images} image${group.images === 1 ? "" : "s"}${group.few ? " (few)" : ""}`;
    return [`${group.task ? `${group.task}, ` : ""}${images}`, group.timing].filter(Boolean).join("; ");
  };

  class Pivot extends View {
    constructor(data, name) {
      super(data);
      this.metric = data.metrics.findIndex((metric) => metric.name === name);
      const { higher, unit } = data.metrics[this.metric];
      this.sets = data.groups.filter((group) => group.cells[this.metric]).map((group) =>
        amount(`set ${group.set}`, group.set, higher ? "descending" : "ascending", {
          of: group, set: group.set, task: group.task, link: group.link, unit: `${higher ? "↑" : "↓"} ${unit}`.trim(),
          places: new Map(group.restorers.map((restorer, place) => [restorer, place])),
        }));
      this.columns = [text("restorer", "restorer"), amount("rank", "rank", "ascending", { tip: "On the set that is sorted by, else on the first" }), ...this.sets, text("licence", "licence")];
      const restorers = new Set(this.sets.flatMap((column) => column.of.restorers));
      this.groups = [{ key: "", title: "", rows: [...restorers].map((restorer) => ({ restorer })) }];
    }

    own(row, column) {
      const by = column.key === "rank" ? (this.sets.find((set) => set.key === this.sorted) ?? this.sets[0]) : column;
      const place = by?.places.get(row.restorer);
      const score = place === undefined ? EMPTY : this.score(by.of, place, this.metric);
      if (column.key !== "rank") return score;
      return score.rank ? { value: score.rank, text: String(score.rank), under: score.ranks } : EMPTY;
    }
  }

  class Borda extends View {
    constructor(data) {
      super(data);
      this.columns = [
        text("restorer", "restorer"), amount("rank", "rank", "ascending", { tip: "Below it, the ranks that the data cannot exclude" }),
        amount("borda", "Borda score", "descending", { unit: "of 100", tip: "Share of the other restorers that one beats on an image, over all metrics and sets of the task" }),
        amount("images", "images", "descending"), text("licence", "licence"),
      ];
      this.groups = data.orders.map((order) => ({
        key: order.task, title: order.task, task: order.task, link: "", note: `over ${order.leaderboards} leaderboard${order.leaderboards === 1 ? "" : "s"}`,
        rows: order.rows.map(([restorer, ...found]) => ({ restorer, found })),
      }));
    }

    own(row, column) {
      const [rank, low, high, mean, from, to, n, tied] = row.found;
      if (rank === null) return EMPTY;
      if (column.key === "rank") return { value: rank, text: String(rank), under: range(low, high), best: rank === 1, tied };
      if (column.key === "images") return { value: n, text: String(n) };
      return { value: mean, text: mean.toFixed(1), under: from === null ? "" : `${from.toFixed(1)} to ${to.toFixed(1)}` };
    }
  }

  /** The views by name: `""`, `borda`, and `metric NAME` for each metric. */
  here.boardView = (data, name) => {
    const metric = name.startsWith("metric ") && data.metrics.some((item) => item.name === name.slice(7));
    if (metric) return new Pivot(data, name.slice(7));
    return name === "borda" && data.orders.length ? new Borda(data) : new BySet(data);
  };
})();
