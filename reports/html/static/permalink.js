// What a page shows is kept in its address, after the #, so that a link to it shows the same.
"use strict";
window.permalink = (() => {
  const read = () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");

  /** Changes some of the values; null removes one. Values of other parts of the page stay. */
  const write = (changes) => {
    const values = read();
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === "") values.delete(name);
      else values.set(name, String(value));
    }
    const text = values.toString();
    if (text !== read().toString()) history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  };

  return { read, write };
})();
