/** Collects what comes and hands it over once per animation frame; in a hidden page, which has none, by the clock. */
export function createFlush<T>(hand: (items: T[]) => void): (item: T) => void {
  let waiting: T[] = [];
  const run = (): void => {
    const items = waiting;
    waiting = [];
    if (items.length > 0) hand(items);
  };
  return (item) => {
    waiting.push(item);
    if (waiting.length > 1) return;
    if (document.hidden) setTimeout(run, 100);
    else {
      requestAnimationFrame(run);
      // Hidden in between, the frame would never come.
      setTimeout(run, 250);
    }
  };
}
