/**
 * An identifier in snake_case: "parseHTTPBody" and "parse-http body" give "parse_http_body".
 *
 * @param {string} name
 * @returns {string}
 */
export function toSnakeCase(name) {
  const parts = name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g) ?? [];
  return parts.map((part) => part.toLowerCase()).join("_");
}

/**
 * An identifier in camelCase: "parse_http_body" gives "parseHttpBody".
 *
 * @param {string} name
 * @returns {string}
 */
export function toCamelCase(name) {
  return toSnakeCase(name).replace(/_(.)/g, (_, letter) => letter.toUpperCase());
}
