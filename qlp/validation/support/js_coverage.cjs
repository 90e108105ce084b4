// Runs in the sandbox: `node js_coverage.cjs FOLDER`, file names on standard input (NUL between them). Sums up what V8
// wrote (NODE_V8_COVERAGE) and prints {files: {name: [covered lines, lines]}} as JSON. Lines that hold no code (blank,
// comment, a bracket alone) do not count; a file that no process loaded has no covered line.
const fs = require('node:fs');
const path = require('node:path');
const { fileURLToPath } = require('node:url');
const { createRequire } = require('node:module');
const ts = createRequire('/opt/qlp/node/package.json')('typescript');

const [folder] = process.argv.slice(2);
const names = fs.readFileSync(0, 'utf8').split('\0').filter(Boolean);
const wanted = new Map(names.map((name) => [path.resolve(name), name]));

// Lines on which a statement begins, by TypeScript's parser: types and declarations without a body hold nothing to run.
function codeLines(name) {
  const source = ts.createSourceFile(name, fs.readFileSync(name, 'utf8'), ts.ScriptTarget.Latest, false);
  const lines = new Set();
  const at = (node) => lines.add(source.getLineAndCharacterOfPosition(node.getStart(source)).line);
  (function visit(node) {
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isImportDeclaration(node)) return;
    if (ts.isFunctionDeclaration(node) && !node.body) return;
    if (ts.isStatement(node) && !ts.isBlock(node) && !ts.isFunctionDeclaration(node) && !ts.isClassDeclaration(node)
      && !ts.isExportDeclaration(node)) at(node);
    if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) at(node.body);
    ts.forEachChild(node, visit);
  })(source);
  return lines;
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
// Source map (revision 3) -> for each generated line its segments [generated column, original line], of one source.
function decode(mappings) {
  let original = 0;
  return mappings.split(';').map((line) => {
    let column = 0;
    return line.split(',').filter(Boolean).map((segment) => {
      const fields = [];
      let shift = 0;
      let value = 0;
      for (const sign of segment) {
        const digit = digits.indexOf(sign);
        value |= (digit & 31) << shift;
        if (digit & 32) { shift += 5; continue; }
        fields.push(value & 1 ? -(value >>> 1) : value >>> 1);
        shift = 0;
        value = 0;
      }
      column += fields[0];
      if (fields.length > 2) original += fields[2];
      return [column, original];
    });
  });
}

// For each code line of the source: offset in the text that V8 ran, or undefined if nothing of it is there.
function offsets(file, lines, cache) {
  const found = new Map();
  if (cache?.data?.mappings && cache.lineLengths) {
    let start = 0;
    decode(cache.data.mappings).forEach((segments, number) => {
      for (const [column, line] of segments) if (!found.has(line)) found.set(line, start + column);
      start += (cache.lineLengths[number] ?? 0) + 1;
    });
    return found;
  }
  let start = 0;
  fs.readFileSync(file, 'utf8').split('\n').forEach((text, number) => {
    found.set(number, start + (text.length - text.trimStart().length));
    start += text.length + 1;
  });
  return found;
}

const covered = new Map(names.map((name) => [name, new Set()]));
const lines = new Map();
for (const name of names) {
  try { lines.set(name, codeLines(name)); } catch { lines.set(name, new Set()); }
}
for (const entry of fs.readdirSync(folder)) {
  let report;
  try { report = JSON.parse(fs.readFileSync(path.join(folder, entry), 'utf8')); } catch { continue; } // cut short by a kill
  for (const script of report.result) {
    if (!script.url.startsWith('file:')) continue;
    const file = fileURLToPath(script.url.split('?')[0]);
    const targets = [[file, report['source-map-cache']?.[script.url]]];
    const map = targets[0][1];
    if (!wanted.has(file) && map?.data?.sources?.length === 1) {
      targets[0][0] = path.resolve(path.dirname(file), map.data.sourceRoot ?? '', map.data.sources[0].replace(/^file:\/\//, ''));
    }
    const name = wanted.get(targets[0][0]);
    if (!name) continue;
    const ranges = script.functions.flatMap((f) => f.ranges);
    const places = offsets(file, lines.get(name), map);
    for (const line of lines.get(name)) {
      const at = places.get(line);
      if (at === undefined) continue;
      // The innermost range decides, as V8 nests them.
      let best = null;
      for (const range of ranges) {
        if (range.startOffset <= at && at < range.endOffset
          && (!best || range.endOffset - range.startOffset <= best.endOffset - best.startOffset)) best = range;
      }
      if (best && best.count > 0) covered.get(name).add(line);
    }
  }
}
const files = Object.fromEntries(names.map((name) => [name, [covered.get(name).size, lines.get(name).size]]));
process.stdout.write(JSON.stringify({ files }));
