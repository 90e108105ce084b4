/**
 * A text as lower-case ASCII words joined by single hyphens.
 *
 * Accents are dropped ("Café" gives "cafe"); other characters separate words.
 *
 * @param {string} text
 * @returns {string}
 */
export function slugify(text) {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return (plain.match(/[a-z0-9]+/g) ?? []).join("-");
}
