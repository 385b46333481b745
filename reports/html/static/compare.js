// What two pictures differ by: absolute, signed or in false colours; of all channels, of one, or of luma; and how it is spread.
"use strict";
(() => {
  const here = window.restobench;
  const { make } = here;
  const OF = { rgb: "all channels", luma: "luma (Y)", red: "red", green: "green", blue: "blue" };
  const AS = { absolute: "absolute", signed: "signed", colours: "error map" };
  const LUMA = [65.481, 128.553, 24.966].map((weight) => weight / 255); // BT.601, limited range
  const CHANNEL = { red: 0, green: 1, blue: 2 };
  const STOPS = [[0, 0, 0], [44, 30, 140], [176, 38, 130], [246, 120, 40], [255, 246, 190]];
  const RAMP = Array.from({ length: 256 }, (_, level) => {
    const place = (level / 255) * (STOPS.length - 1);
    const low = Math.min(Math.floor(place), STOPS.length - 2);
    return STOPS[low].map((value, channel) => value + (STOPS[low + 1][channel] - value) * (place - low));
  });

  /** Where the pixels of a picture lie that may be smaller than the frame, for each pixel of the frame. */
  const lookup = (pixels, frame) => {
    const across = Array.from({ length: frame.width }, (_, x) => Math.floor((x * pixels.width) / frame.width));
    const down = Array.from({ length: frame.height }, (_, y) => Math.floor((y * pixels.height) / frame.height) * pixels.width);
    return (x, y) => 4 * (down[y] + across[x]);
  };

  /** Paints the difference (second minus first), and counts how often which occurs. */
  const compute = (first, second, frame, { of, as, gain }) => {
    const painted = new ImageData(frame.width, frame.height);
    const [one, two] = [lookup(first, frame), lookup(second, frame)];
    const counts = new Float64Array(511);
    const spread = { sum: 0, absolute: 0, squares: 0, most: 0, n: 0 };
    const [x1, x2, out] = [first.data, second.data, painted.data];
    const found = new Float64Array(3);
    const channels = of === "rgb" ? 3 : 1;
    const shade = as === "signed" ? (difference) => 127.5 + (difference * gain) / 2 : (difference) => Math.abs(difference) * gain;
    const measure = (a, b) => {
      if (of === "luma") found[0] = LUMA[0] * (x2[b] - x1[a]) + LUMA[1] * (x2[b + 1] - x1[a + 1]) + LUMA[2] * (x2[b + 2] - x1[a + 2]);
      else for (let channel = 0; channel < channels; channel += 1) found[channel] = x2[b + channel + (CHANNEL[of] ?? 0)] - x1[a + channel + (CHANNEL[of] ?? 0)];
    };
    for (let y = 0, to = 0; y < frame.height; y += 1) {
      for (let x = 0; x < frame.width; x += 1, to += 4) {
        measure(one(x, y), two(x, y));
        let sum = 0;
        for (let channel = 0; channel < channels; channel += 1) {
          const difference = found[channel];
          const size = Math.abs(difference);
          counts[Math.round(difference) + 255] += 1;
          spread.sum += difference;
          spread.squares += difference * difference;
          if (size > spread.most) spread.most = size;
          sum += size;
        }
        spread.absolute += sum;
        spread.n += channels;
        const colour = as === "colours" ? RAMP[Math.min(255, Math.round((sum / channels) * gain))] : null;
        for (let channel = 0; channel < 3; channel += 1) out[to + channel] = colour ? colour[channel] : shade(found[channels === 1 ? 0 : channel]);
        out[to + 3] = 255;
      }
    }
    return { painted, counts, spread };
  };

  const histogram = (canvas, counts, style) => {
    const context = canvas.getContext("2d");
    const { width, height } = canvas;
    const largest = Math.max(8, ...[...counts.keys()].filter((place) => counts[place]).map((place) => Math.abs(place - 255)));
    const top = Math.log1p(Math.max(...counts));
    const step = width / (2 * largest + 1);
    context.clearRect(0, 0, width, height);
    for (let value = -largest; value <= largest; value += 1) {
      const tall = (Math.log1p(counts[value + 255]) / top) * (height - 2);
      context.fillStyle = value === 0 ? style.getPropertyValue("--ink") : style.getPropertyValue("--accent");
      context.fillRect((value + largest) * step, height - tall, Math.max(1, step - (step > 4 ? 1 : 0)), tall);
    }
    return largest;
  };

  const scale = (canvas) => {
    const context = canvas.getContext("2d");
    for (let place = 0; place < canvas.width; place += 1) {
      context.fillStyle = `rgb(${RAMP[Math.floor((place / canvas.width) * 256)].join(" ")})`;
      context.fillRect(place, 0, 1, canvas.height);
    }
  };

  here.compare = (viewer) => {
    const pick = (name, text, options) => here.select(`${viewer.id}-${name}`, text, options, (value) => viewer.look({ [name]: name === "gain" ? Number(value) : value }));
    const fields = {
      of: pick("of", "of", Object.entries(OF)), as: pick("as", "shown as", Object.entries(AS)),
      gain: pick("gain", "amplified", [1, 2, 4, 8, 16, 32].map((gain) => [gain, `× ${gain}`])),
    };
    const bar = make("div", { class: "viewer-bar difference-bar" }, ...Object.values(fields).map((field) => field.label));
    viewer.bar.after(bar);
    const ramp = make("canvas", { width: 160, height: 10 });
    scale(ramp);
    const ends = make("span", {});
    const legend = make("span", { class: "ramp" }, "0 ", ramp, " ", ends);
    bar.append(legend);
    const canvas = make("canvas", { width: 480, height: 72, role: "img" });
    const words = make("figcaption", {});
    const panel = make("figure", { class: "histogram" }, canvas, words);
    viewer.foot.after(panel);

    let made = null; // {key, canvas, counts, spread}
    const key = () => JSON.stringify([viewer.chosen, viewer.view.of, viewer.view.as, viewer.view.gain]);

    viewer.difference = () => (made?.key === key() ? made.canvas : null);

    const prepare = async () => {
      const wanted = key();
      const [first, second] = ["left", "right"].map((side) => here.pixels.load(viewer.pictures.get(viewer.chosen[side]).src));
      try {
        const found = compute(await first, await second, viewer.frame, viewer.view);
        if (wanted !== key()) return;
        const drawn = new OffscreenCanvas(viewer.frame.width, viewer.frame.height);
        drawn.getContext("2d").putImageData(found.painted, 0, 0);
        made = { key: wanted, canvas: drawn, ...found };
      } catch (error) {
        words.textContent = `The pixels cannot be read: ${error.message}.`;
        return;
      }
      viewer.draw();
    };

    const describe = () => {
      const { counts, spread } = made;
      const { left, right } = viewer.chosen;
      const largest = histogram(canvas, counts, getComputedStyle(viewer.root));
      const number = (value) => value.toFixed(2).replace("-", "−");
      const text = `${right} minus ${left}, ${OF[viewer.view.of]}, in levels of 255: mean ${number(spread.sum / spread.n)}, mean absolute ${number(spread.absolute / spread.n)}, ` +
        `root mean square ${number(Math.sqrt(spread.squares / spread.n))}, largest ${Math.round(spread.most)}.`;
      words.textContent = `${text} Below each level from −${largest} to ${largest}, how many there are, logarithmically.`;
      canvas.setAttribute("aria-label", `Histogram. ${text}`);
    };

    let wanted = "";
    let described = null;
    viewer.parts.push(() => {
      const shown = viewer.view.mode === "difference";
      bar.hidden = panel.hidden = !shown;
      legend.hidden = viewer.view.as !== "colours";
      ends.textContent = `${Math.round(255 / viewer.view.gain)} of 255 and more`;
      for (const [name, { select }] of Object.entries(fields)) select.value = viewer.view[name];
      if (!shown) return;
      if (made?.key === key()) {
        if (made !== described) describe();
        described = made;
      } else if (wanted !== key()) {
        wanted = key();
        prepare();
      }
      viewer.stage.element.dataset.ready = String(made?.key === key());
    });
  };
})();
