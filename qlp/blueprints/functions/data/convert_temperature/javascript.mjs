// value in kelvin = (value + offset) * factor
const SCALES = new Map([
  ["celsius", { offset: 273.15, factor: 1 }],
  ["fahrenheit", { offset: 459.67, factor: 5 / 9 }],
  ["kelvin", { offset: 0, factor: 1 }],
]);

/**
 * The temperature in another scale.
 *
 * @param {number} value
 * @param {string} source "celsius", "fahrenheit" or "kelvin"
 * @param {string} target "celsius", "fahrenheit" or "kelvin"
 * @returns {number}
 * @throws {RangeError} for an unknown scale or a temperature below absolute zero
 */
export function convertTemperature(value, source, target) {
  const from = SCALES.get(source);
  const to = SCALES.get(target);
  if (from === undefined || to === undefined) {
    throw new RangeError("scales are celsius, fahrenheit and kelvin");
  }
  const kelvin = (value + from.offset) * from.factor;
  if (kelvin < 0) {
    throw new RangeError("below absolute zero");
  }
  return kelvin / to.factor - to.offset;
}
