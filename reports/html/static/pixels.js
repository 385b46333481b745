// Pixels of pictures as numbers. From disk a page may not read an image, but it may load a script beside it:
// `pixels/NAME.js` calls `take` with the bytes of `pixels/NAME.png`.
"use strict";
(() => {
  const here = window.restobench;
  const MOST = 60e6; // pixels that are kept decoded
  const kept = new Map(); // address -> {promise, size}, least recently used first
  const waiting = new Map(); // name -> {resolve, reject}

  // the only scripts that this page ever adds
  const ours = (address) => {
    if (!/^(?:[\w.%~-]+\/)*pixels\/[0-9a-f]{16}\.js$/.test(address)) throw new TypeError(`no script of pixels: ${address}`);
    return address;
  };
  const policy = window.trustedTypes?.createPolicy("restobench", { createScriptURL: ours }) ?? { createScriptURL: ours };

  const decode = async (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
    const { width, height } = bitmap;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0);
    return { width, height, canvas, data: context.getImageData(0, 0, width, height).data };
  };

  const take = (name, text) => {
    const found = waiting.get(name);
    waiting.delete(name);
    if (found) decode(text).then(found.resolve, found.reject);
  };

  const fetch = (address) => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const source = address.replace(/\.png$/, ".js");
    waiting.set(/([0-9a-f]{16})\.js$/.exec(source)?.[1], { resolve, reject });
    script.src = policy.createScriptURL(source);
    script.onload = () => script.remove();
    script.onerror = () => reject(new Error(`${source} is not there`));
    document.head.append(script);
  });

  /** The pixels of the picture at an address: {width, height, canvas, data (RGBA)}. */
  const load = (address) => {
    const found = kept.get(address) ?? { promise: fetch(address), size: 0 };
    kept.delete(address);
    kept.set(address, found);
    found.promise.then((pixels) => {
      found.size = pixels.width * pixels.height;
      let total = 0;
      for (const [other, { size }] of [...kept].reverse()) {
        total += size;
        if (total > MOST && other !== address) kept.delete(other);
      }
    }, () => kept.delete(address));
    return found.promise;
  };

  here.pixels = { take, load };
})();
