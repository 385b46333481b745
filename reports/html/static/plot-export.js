// Keeps a plot as SVG or PNG: as it is, with the page's colours written into it.
"use strict";
(() => {
  const here = window.restobench;
  const SCALE = 4; // pixels of the PNG to a unit of the plot, of which an inch has 72

  const standalone = (svg) => {
    const copy = svg.cloneNode(true);
    const originals = [svg, ...svg.querySelectorAll("*")];
    [copy, ...copy.querySelectorAll("*")].forEach((element, place) => {
      const style = getComputedStyle(originals[place]);
      for (const name of ["fill", "stroke"]) {
        if (/var\(|currentColor/.test(element.getAttribute(name) ?? "")) element.setAttribute(name, style[name]);
      }
      if (element.localName === "text") {
        if (!element.hasAttribute("fill")) element.setAttribute("fill", style.fill);
        for (const [name, value] of [["font-family", "sans-serif"], ["paint-order", style.paintOrder], ["stroke", style.stroke], ["stroke-width", style.strokeWidth], ["stroke-linejoin", "round"]]) element.setAttribute(name, value);
      }
      if (style.display === "none") element.setAttribute("display", "none");
    });
    for (const element of copy.querySelectorAll(".current, .brush")) element.remove();
    const { width, height } = svg.viewBox.baseVal;
    copy.setAttribute("width", `${width}pt`);
    copy.setAttribute("height", `${height}pt`);
    return { text: new XMLSerializer().serializeToString(copy), width, height };
  };

  const painted = async ({ text, width, height }, paper) => {
    const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    try {
      const image = new Image();
      image.src = address;
      await image.decode();
      const canvas = here.make("canvas", { width: Math.round(width * SCALE), height: Math.round(height * SCALE) });
      const context = canvas.getContext("2d");
      context.fillStyle = paper;
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      return await new Promise((resolve) => canvas.toBlob(resolve));
    } finally {
      URL.revokeObjectURL(address);
    }
  };

  for (const figure of document.querySelectorAll("figure[data-name]")) {
    const svg = figure.querySelector("svg");
    if (!svg) continue;
    const name = here.fileName(`${document.querySelector("h1").textContent} ${figure.dataset.name}`).replace(/[-.]+$/, "");
    const title = figure.dataset.name;
    figure.append(here.make("div", { class: "plot-buttons" },
      here.button("SVG", `Keep as SVG: ${title}`, () => here.download(standalone(svg).text, `${name}.svg`, "image/svg+xml")),
      here.button("PNG", `Keep as PNG: ${title}`, async () => here.download(await painted(standalone(svg), getComputedStyle(document.body).backgroundColor), `${name}.png`))));
  }
})();
