/**
 * Says whether a year of the Gregorian calendar is a leap year.
 *
 * @param {number} year an integer
 * @returns {boolean}
 */
export function isLeapYear(year) {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
