/**
 * All items of arbitrarily nested arrays in one flat array, in order.
 *
 * Works without recursion, so the depth is limited by memory only.
 *
 * @param {readonly any[]} items
 * @returns {any[]}
 */
export function flatten(items) {
  const flat = [];
  const open = [{ list: items, next: 0 }];
  while (open.length > 0) {
    const top = open[open.length - 1];
    if (top.next === top.list.length) {
      open.pop();
      continue;
    }
    const item = top.list[top.next];
    top.next += 1;
    if (Array.isArray(item)) {
      open.push({ list: item, next: 0 });
    } else {
      flat.push(item);
    }
  }
  return flat;
}
