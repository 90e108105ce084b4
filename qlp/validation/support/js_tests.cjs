// Runs in the sandbox: `node js_tests.cjs COMMAND ...` runs a project's tests and prints what became of each, as JSON.
// What they print goes to standard error, all of it. The results come from a reporter in the runner's own process, by a
// file outside of the workspace: a program that prints a summary of its own, or exits with 0, is not believed.
// Environment: QLP_FAIL_FAST stops at the first failure, where the runner can.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const VITEST = '/opt/qlp/node/node_modules/.bin/vitest';
const REPORTER = path.resolve('.qlp/js_reporter.mjs');
const command = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'qlp-'));
const results = path.join(folder, 'results');
const env = { ...process.env };
const failFast = Boolean(env.QLP_FAIL_FAST);
delete env.QLP_FAIL_FAST;
const reporters = [
  '--test-reporter=spec', '--test-reporter-destination=stderr',
  `--test-reporter=${REPORTER}`, `--test-reporter-destination=${results}`,
];

// The script behind `npm test` says who runs the tests.
function script() {
  const name = command[1] === 'run' ? command[2] : command[1];
  try {
    return JSON.parse(fs.readFileSync('package.json', 'utf8')).scripts[name] ?? '';
  } catch {
    return '';
  }
}

const first = path.basename(command[0] ?? '');
let runner = 'program';
let argv = command;
if (first === 'node' && command.includes('--test')) {
  runner = 'node';
  argv = [command[0], ...reporters, ...command.slice(1)];
} else if (first === 'vitest' || (first === 'npx' && command.includes('vitest'))) {
  runner = 'vitest';
  const words = command.slice(command.findIndex((word) => path.basename(word) === 'vitest') + 1);
  argv = [VITEST, ...(words[0] === 'run' ? [] : ['run']), ...words];
} else if (['npm', 'pnpm', 'yarn'].includes(first)) {
  const text = script();
  if (/\bvitest\b/.test(text)) {
    runner = 'vitest';
    argv = [...command, '--', ...(/\bvitest\s+run\b/.test(text) ? [] : ['--run'])];
  } else if (/\bnode\b.*--test\b/.test(text)) {
    runner = 'node';
    env.NODE_OPTIONS = `${env.NODE_OPTIONS ?? ''} ${reporters.join(' ')}`.trim();
  }
}
if (runner === 'vitest') {
  argv = [...argv, '--reporter=default', '--reporter=json', `--outputFile.json=${results}`, ...(failFast ? ['--bail=1'] : [])];
  try { // tests find vitest itself beside them or above
    fs.symlinkSync('/opt/qlp/node/node_modules', 'node_modules', 'dir');
  } catch { /* installed already */ }
}
const ended = spawnSync(argv[0], argv.slice(1), { env, stdio: ['ignore', 2, 2] });
if (ended.error) {
  process.stderr.write(`${argv[0]}: ${ended.error.message}\n`);
  process.exit(127);
}

function read() {
  try {
    return fs.readFileSync(results, 'utf8');
  } catch {
    return '';
  }
}

function nodeReport(raw) {
  const rows = raw.split('\n').filter(Boolean).flatMap((line) => {
    try { return [JSON.parse(line)]; } catch { return []; }
  });
  const end = rows.find((row) => 'end' in row);
  return { ended: end ? end.end : null, tests: rows.filter((row) => 'outcome' in row) };
}

function vitestReport(raw) {
  let data;
  try { data = JSON.parse(raw); } catch { return { ended: null, tests: [] }; }
  const strip = (text) => text.replaceAll(`${process.cwd()}/`, '').replace(/\u001b\[[\d;]*m/g, '').slice(0, 4000);
  const tests = data.testResults.flatMap((file) => {
    const name = path.relative(process.cwd(), file.name);
    const rows = file.assertionResults.map((test) => {
      const shown = strip((test.failureMessages ?? []).join('\n'));
      const thrown = /^ +at (?:.*\()?(?:file:\/\/)?([^\s():]+\.[cm]?[jt]sx?):(\d+):\d+\)?$/m.exec(shown);
      const outcome = { passed: 'passed', failed: 'failed' }[test.status] ?? 'skipped';
      const line = thrown ? Number(thrown[2]) : (test.location?.line ?? null);
      return { name: test.fullName, outcome, file: thrown ? thrown[1] : name, line, message: shown.split('\n')[0], text: shown };
    });
    if (file.status === 'failed' && !rows.some((row) => row.outcome === 'failed')) {
      const shown = strip(file.message ?? '');
      rows.push({ name, outcome: 'failed', file: name, line: null, message: shown.split('\n')[0], text: shown });
    }
    return rows;
  });
  return { ended: data.success ? 0 : 1, tests };
}

const { ended: end, tests } = runner === 'vitest' ? vitestReport(read()) : nodeReport(read());
fs.rmSync(folder, { recursive: true, force: true });
const counts = {};
for (const test of tests) counts[test.outcome] = (counts[test.outcome] ?? 0) + 1;
const failed = tests.filter((test) => test.outcome === 'failed').slice(0, 200);
process.stdout.write(JSON.stringify({ runner, ended: end, running: '', counts, failed }));
process.exitCode = ended.status ?? 128 + (os.constants.signals[ended.signal] ?? 0);
