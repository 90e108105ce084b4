# Runs in the sandbox: compiles each file that is named on standard input (each ended by a zero byte) and runs none.
# `ruby_syntax.rb syntax` prints what does not compile, `ruby_syntax.rb warnings` what the compiler warns of;
# as JSON {files, findings, facts, broken} like qlp_report.py. A child a file: a compiler that crashes is a finding.
require 'json'
require 'timeout'

MODE = ARGV.fetch(0)
MAX_BYTES = 4_000_000
FILE_S = 20
# Warnings that say something is wrong, others are matters of taste.
DEFECTS = /found `= literal'|literal in condition|unused literal|statement not reached|method redefined|duplicated|possibly useless|circular argument reference/
# What a better tool reports too, or correct programs do on purpose.
QUIET = /possibly useless use of a variable/

def row(rule, severity, message, file, line = nil, column = nil)
  { rule: rule, severity: severity, message: message.scrub[0, 500], file: file, line: line, column: column, fix: nil }
end

def findings_of(path)
  raw = File.binread(path, MAX_BYTES + 1) || ''
  return [row('too-large', 'high', "the file is larger than #{MAX_BYTES / 1_000_000} MB and was not checked", path)] if raw.bytesize > MAX_BYTES
  return [row('not-text', 'high', 'the file holds zero bytes: it is binary, not source', path)] if raw.include?("\0")

  text = raw.dup.force_encoding('UTF-8')
  unless text.valid_encoding? || raw[0, 200].match?(/coding[:=]\s*[\w.-]+/n)
    return [row('not-text', 'high', 'the file is not UTF-8 and names no other encoding', path)]
  end

  warned = []
  Warning.singleton_class.send(:define_method, :warn) { |message, **| warned << message }
  $VERBOSE = true
  begin
    source = text.valid_encoding? ? text : raw.force_encoding('ASCII-8BIT')
    RubyVM::InstructionSequence.compile(source, path, path, 1)
  rescue SyntaxError => error
    return MODE == 'syntax' ? errors(error.message, path) : []
  rescue SystemStackError, NoMemoryError, ArgumentError, EncodingError => error
    return [row('too-complex', 'high', "ruby cannot compile the file: #{error.message}", path)]
  end
  MODE == 'syntax' ? [] : warnings(warned, path)
end

def errors(text, path)
  found = text.scan(/^#{Regexp.escape(path)}:(\d+): (.+)$/).first(20).map do |line, message|
    row('syntax-error', 'critical', message, path, line.to_i)
  end
  found.empty? ? [row('syntax-error', 'critical', text.lines.first.to_s.strip, path)] : found
end

def warnings(texts, path)
  texts.filter_map do |text|
    line, message = text.match(/:(\d+): warning: (.*)/)&.captures
    next unless message

    row('ruby-warning', message.match?(DEFECTS) && !message.match?(QUIET) ? 'medium' : 'info', message, path, line.to_i)
  end
end

def in_child(path)
  reader, writer = IO.pipe
  child = fork do
    reader.close
    writer.write(JSON.generate(findings_of(path)))
    writer.close
    exit!(0)
  end
  writer.close
  said = Timeout.timeout(FILE_S) { reader.read }
  _, status = Process.wait2(child)
  return JSON.parse(said) if status.success? && !said.empty?

  [row('too-complex', 'high', "ruby crashed on the file (#{status.to_s.sub(/pid \d+ /, '')})", path)]
rescue Timeout::Error
  Process.kill(:KILL, child)
  Process.wait(child)
  [row('too-complex', 'high', "ruby could not read the file within #{FILE_S} s", path)]
ensure
  reader&.close
end

paths = $stdin.binmode.read.split("\0").map { |path| path.force_encoding('UTF-8') }
found = paths.flat_map { |path| in_child(path) }
puts JSON.generate({ files: paths.size, findings: found.first(200), facts: {}, broken: [] })
