// Cuts a query as the index was cut: LANGUAGE into pairs of characters, the rest into words.
// A pair that stands nowhere in the book only joins two words of the query, and asks for nothing.
var splitQuery = (query) => {
  const { terms, titleterms } = Search._index || { terms: {}, titleterms: {} };
  const known = (word) => Object.hasOwn(terms, word) || Object.hasOwn(titleterms, word);
  const pairs = (run) => Array.from({ length: run.length - 1 }, (_, i) => run.slice(i, i + 2));
  const words = (run) => {
    if (!/\p{Script=SCRIPT}/u.test(run) || run.length < 2) return [run];
    const found = pairs(run).filter(known);
    return found.length ? found : pairs(run);
  };
  const runs = query.match(/\p{Script=SCRIPT}+|(?:(?!\p{Script=SCRIPT})[\p{Letter}\p{Number}_])+/gu);
  return (runs || []).flatMap(words);
};
