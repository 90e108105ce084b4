// Runs in the sandbox: `css_check.cjs syntax|style|security` over style sheets named on standard input, each ended by a
// zero byte. Prints {files, findings, facts, broken} as JSON like qlp_report.py.
const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');
const from = createRequire('/opt/qlp/node/package.json');
const { files, read, Report } = require('./web_report.cjs');

const MODE = process.argv[2];
const CONFIGS = ['.stylelintrc', '.stylelintrc.json', '.stylelintrc.yml', '.stylelintrc.yaml', '.stylelintrc.js', '.stylelintrc.cjs', 'stylelint.config.js', 'stylelint.config.cjs', 'stylelint.config.mjs'];
const report = new Report();

function security(file, root) {
  root.walk((node) => {
    const value = node.type === 'decl' ? node.value : node.type === 'atrule' ? node.params : '';
    const at = node.source && node.source.start;
    const add = (rule, severity, message) => report.add(rule, severity, message, file, at && at.line, at && at.column);
    if (/url\(\s*['"]?\s*(?:javascript|vbscript):/i.test(value) || /^\s*expression\s*\(|[\s:,]expression\s*\(/i.test(value)) add('script-in-style', 'high', 'the style sheet runs a script');
    if (node.type === 'decl' && /^(?:behavior|-moz-binding)$/i.test(node.prop) && /url\(/i.test(value)) add('script-in-style', 'high', `${node.prop} loads a script`);
    if (/url\(\s*['"]?\s*http:\/\//i.test(value) || (node.name === 'import' && /^\s*['"]http:\/\//i.test(value))) add('plain-http', 'medium', 'what is loaded over http can be changed on its way');
    if (node.name === 'import' && /['"(]\s*(?:https?:)?\/\//i.test(value) && !/fonts\.(?:googleapis|bunny)\./.test(value)) add('foreign-style', 'low', 'a style sheet of another server decides what this page shows');
    if (node.type === 'rule' && /input[^,{]*\[\s*value\s*[\^$*]?=/i.test(node.selector) && /url\(\s*['"]?(?:https?:)?\/\//i.test(node.toString())) add('value-leak', 'high', 'what a user types is sent to another server');
  });
}

async function main() {
  const postcss = from('postcss');
  const every = files();
  for (const file of every) {
    const text = read(report, file, MODE === 'syntax', 2_000_000);
    if (text === null) continue;
    let root;
    try {
      root = postcss.parse(text, { from: file });
    } catch (error) {
      if (MODE === 'syntax') report.add('syntax-error', 'critical', error.reason || String(error.message), file, error.line, error.column);
      continue;
    }
    if (MODE === 'syntax') structure(file, root, text);
    else if (MODE === 'security') security(file, root);
    else await style(file, text);
  }
  report.emit(every.length);
}

// postcss forgives what browsers drop: declarations without a colon or a semicolon, braces inside values, selectors that are none.
function structure(file, root) {
  root.walk((node) => {
    const at = node.source && node.source.start;
    const add = (message) => report.add('syntax-error', 'critical', message, file, at && at.line, at && at.column);
    if (node.type === 'decl') {
      const value = node.value.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|url\([^)]*\)|\/\*[\s\S]*?\*\//g, '');
      if (!node.prop.startsWith('--') && /[\n;]\s*[a-z-]+\s*:\s/i.test(value)) add(`a semicolon is missing before ${value.split(/[\n;]/)[1].trim().slice(0, 40)}`);
      if (value.trim() === '' && node.value.trim() === '' && !node.prop.startsWith('--')) add(`${node.prop} has no value`);
      if (!node.prop.startsWith('--') && !balanced(value)) add(`the brackets of ${node.prop} do not match`);
      if (!/^(?:--.*|[*_$]?-?[a-z][\w-]*|\$[\w-]+)$/i.test(node.prop)) add(`${node.prop.slice(0, 40)} is no name of a property`);
    } else if (node.type === 'rule') {
      const selector = node.selector.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/\*[\s\S]*?\*\//g, '""');
      if (!selector.trim()) add('a block without a selector');
      else if (!balanced(selector) || /,\s*$|^\s*,|,\s*,|[.#](?:[\s.#,{]|$)|[;{}]/.test(selector)) add(`${node.selector.slice(0, 40)} is no selector`);
      else if (/(?:^|[\s>+~])\d|[.#]\d/.test(selector) && !/^(?:from|to|[\d.%\s,]+)+$/.test(selector)) add(`${node.selector.slice(0, 40)} is no selector: a name cannot begin with a digit`);
    }
  });
}

function balanced(text) {
  let depth = 0;
  for (const char of text) {
    if (char === '(' || char === '[') depth += 1;
    if (char === ')' || char === ']') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

async function style(file, text) {
  const stylelint = from('stylelint');
  const lint = stylelint.lint ? stylelint : stylelint.default;
  const own = CONFIGS.some((name) => fs.existsSync(name));
  const config = own ? {} : { configFile: path.join(__dirname, 'stylelint.config.cjs') };
  const result = await lint.lint({ code: text, codeFilename: path.resolve(file), ...config });
  for (const one of result.results) {
    for (const warning of one.warnings) {
      if (warning.rule === 'CssSyntaxError') continue;
      const severity = warning.severity === 'error' ? 'medium' : 'info';
      report.add(warning.rule, severity, warning.text.replace(/ \([\w/-]+\)$/, ''), file, warning.line, warning.column);
    }
    for (const problem of one.invalidOptionWarnings || []) report.broken.push(`stylelint: ${problem.text}`);
  }
}

main().catch((error) => { console.error(String(error && error.stack || error)); process.exit(3); });
