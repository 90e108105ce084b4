<?php

// Runs in the sandbox: parses the PHP files that are named on standard input (each ended by a zero byte), runs none of
// them, and reports names that do not exist and calls that must fail: undefined functions, classes, methods and
// variables, missing arguments, methods that an interface asks for, values that no coercion makes the declared type.
// Where a name may come from outside (packages, extensions that are not in this image) it says nothing.
// Prints {files, findings, facts, broken} as JSON, like qlp_report.py.

declare(strict_types=1);

use PhpParser\Node;
use PhpParser\Node\Expr;
use PhpParser\Node\Stmt;
use PhpParser\NodeFinder;
use PhpParser\NodeTraverser;
use PhpParser\NodeVisitor\NameResolver;
use PhpParser\ParserFactory;

require_once 'PhpParser/autoload.php';

const MAX_BYTES = 2_000_000;
const EXTENSIONS = '/^(curl|mysqli?|pg|image|gd|bc|gmp|collator|numfmt|datefmt|grapheme|normalizer|idn|intl|locale|msgfmt|transliterator'
    . '|apcu|memcached?|redis|imap|ldap|ftp|zip|bz|soap|ssh2|oci|sqlsrv|odbc|db2|ibase|fbird|xdebug|opcache|igbinary|msgpack|yaml|uv|swoole'
    . '|sqlite|dba|enchant|exif|getimagesize|pspell|snmp|tidy|wddx|xmlrpc|inotify|event|posix|pcntl|sem|shm|msg|gnupg|mcrypt|mb)(_|$)/i';
const SUPERGLOBALS = ['this', 'GLOBALS', '_SERVER', '_GET', '_POST', '_FILES', '_COOKIE', '_SESSION', '_REQUEST', '_ENV',
    'argv', 'argc', 'php_errormsg', 'http_response_header'];

final class Signature
{
    /** @param list<Node\Param> $params */
    public function __construct(public readonly array $params, public readonly bool $static, public readonly bool $abstract)
    {
    }

    public function least(): int
    {
        $least = 0;
        foreach ($this->params as $at => $param) {
            if ($param->default === null && !$param->variadic) {
                $least = $at + 1;
            }
        }
        return $least;
    }
}

final class Type
{
    /** @var array<string, Signature> lower-case name => signature */
    public array $methods = [];
    /** @var array<string, true> */
    public array $constants = [];
    /** @var list<string> lower-case names of parents, interfaces and traits */
    public array $above = [];
    public int $line = 0;

    public function __construct(public readonly string $name, public readonly string $kind, public readonly bool $abstract)
    {
    }
}

final class Names
{
    /** @var array<string, Signature> */
    private array $functions = [];
    /** @var array<string, Type> */
    private array $types = [];
    /** @var array<string, true> first parts of namespaces that the project itself defines */
    private array $spaces = [];
    /** @var list<array<string, mixed>> */
    public array $findings = [];
    private string $file = '';
    private bool $closed;
    private NodeFinder $finder;

    public function __construct()
    {
        $this->finder = new NodeFinder();
        $composer = json_decode((string) @file_get_contents('composer.json'), true);
        $needs = array_keys(is_array($composer['require'] ?? null) ? $composer['require'] : []);
        $outside = array_filter($needs, static fn ($n): bool => $n !== 'php' && !str_starts_with((string) $n, 'ext-'));
        $this->closed = $outside === [];
    }

    private function add(string $rule, string $message, Node $at, string $severity = 'medium'): void
    {
        $this->findings[] = ['rule' => $rule, 'severity' => $severity, 'message' => $message, 'file' => $this->file,
            'line' => $at->getStartLine() > 0 ? $at->getStartLine() : null, 'column' => null, 'fix' => null];
    }

    /** @param list<Node> $tree */
    public function collect(array $tree): void
    {
        foreach ($this->finder->findInstanceOf($tree, Stmt\Function_::class) as $function) {
            $name = strtolower($function->namespacedName?->toString() ?? $function->name->toString());
            $this->functions[$name] = new Signature($function->params, false, false);
        }
        foreach ($this->finder->findInstanceOf($tree, Stmt\ClassLike::class) as $class) {
            if ($class->name === null) {
                continue;
            }
            $name = $class->namespacedName?->toString() ?? $class->name->toString();
            $type = $this->type($class, $name);
            $this->types[strtolower($name)] = $type;
            if (str_contains($name, '\\')) {
                $this->spaces[strtolower(explode('\\', $name)[0])] = true;
            }
        }
        foreach ($this->finder->findInstanceOf($tree, Expr\FuncCall::class) as $call) {
            if ($call->name instanceof Node\Name && strtolower($call->name->toString()) === 'class_alias') {
                $this->closed = false;
            }
        }
    }

    private function type(Stmt\ClassLike $class, string $name): Type
    {
        $kind = match (true) {
            $class instanceof Stmt\Interface_ => 'interface',
            $class instanceof Stmt\Trait_ => 'trait',
            $class instanceof Stmt\Enum_ => 'enum',
            default => 'class',
        };
        $type = new Type($name, $kind, $class instanceof Stmt\Class_ && $class->isAbstract());
        $type->line = $class->getStartLine();
        $names = [];
        if ($class instanceof Stmt\Class_) {
            $names = array_merge($class->extends ? [$class->extends] : [], $class->implements);
        } elseif ($class instanceof Stmt\Interface_) {
            $names = $class->extends;
        } elseif ($class instanceof Stmt\Enum_) {
            $names = $class->implements;
            $type->above[] = $class->scalarType ? 'backedenum' : 'unitenum';
        }
        foreach ($names as $above) {
            $type->above[] = strtolower($above->toString());
        }
        foreach ($class->stmts as $stmt) {
            if ($stmt instanceof Stmt\ClassMethod) {
                $abstract = $stmt->isAbstract() || $kind === 'interface';
                $type->methods[$stmt->name->toLowerString()] = new Signature($stmt->params, $stmt->isStatic(), $abstract);
            } elseif ($stmt instanceof Stmt\ClassConst) {
                foreach ($stmt->consts as $const) {
                    $type->constants[$const->name->toString()] = true;
                }
            } elseif ($stmt instanceof Stmt\EnumCase) {
                $type->constants[$stmt->name->toString()] = true;
            } elseif ($stmt instanceof Stmt\TraitUse) {
                foreach ($stmt->traits as $trait) {
                    $type->above[] = strtolower($trait->toString());
                }
                foreach ($stmt->adaptations as $change) {
                    if ($change instanceof Stmt\TraitUseAdaptation\Alias && $change->newName) {
                        $type->methods[$change->newName->toLowerString()] = new Signature([], false, false);
                    }
                }
            }
        }
        return $type;
    }

    /**
     * Everything above a type, itself first; null where a part of it is unknown.
     *
     * @return list<Type|ReflectionClass<object>>|null
     */
    private function line(string $name, int $depth = 0): ?array
    {
        $key = strtolower(ltrim($name, '\\'));
        if ($depth > 30) {
            return null;
        }
        if (!isset($this->types[$key])) {
            return class_exists($key, false) || interface_exists($key, false) ? [new ReflectionClass($key)] : null;
        }
        $all = [$this->types[$key]];
        foreach ($this->types[$key]->above as $above) {
            $more = $this->line($above, $depth + 1);
            if ($more === null) {
                return null;
            }
            $all = array_merge($all, $more);
        }
        return $all;
    }

    /** The method, false where there is none, null where that cannot be known. */
    private function method(string $class, string $method): Signature|ReflectionMethod|false|null
    {
        $line = $this->line($class);
        if ($line === null) {
            return null;
        }
        foreach ($line as $type) {
            if ($type instanceof Type && isset($type->methods[strtolower($method)])) {
                return $type->methods[strtolower($method)];
            }
            if ($type instanceof ReflectionClass && $type->hasMethod($method)) {
                return $type->getMethod($method);
            }
        }
        foreach (['__call', '__callstatic'] as $magic) {
            foreach ($line as $type) {
                $has = $type instanceof Type ? isset($type->methods[$magic]) : $type->hasMethod($magic);
                if ($has) {
                    return null;
                }
            }
        }
        return false;
    }

    /** @param list<Node> $tree */
    public function check(string $file, array $tree): void
    {
        $this->file = $file;
        foreach ($this->finder->findInstanceOf($tree, Expr\FuncCall::class) as $call) {
            $this->call($call, $tree);
        }
        foreach ($this->finder->findInstanceOf($tree, Expr\New_::class) as $new) {
            if ($new->class instanceof Node\Name && !$new->class->isSpecialClassName()) {
                $this->construct($new, $new->class->toString());
            }
        }
        foreach ($this->finder->findInstanceOf($tree, Expr\StaticCall::class) as $call) {
            if ($call->class instanceof Node\Name && $call->name instanceof Node\Identifier && !$call->class->isSpecialClassName()) {
                $this->known($call->class, $call);
                $this->methodCall($call->class->toString(), $call->name->toString(), $call);
            }
        }
        foreach ($this->finder->findInstanceOf($tree, Expr\ClassConstFetch::class) as $fetch) {
            if ($fetch->class instanceof Node\Name && $fetch->name instanceof Node\Identifier && !$fetch->class->isSpecialClassName()) {
                $this->constant($fetch->class, $fetch->name->toString(), $fetch);
            }
        }
        foreach ($this->finder->findInstanceOf($tree, Stmt\ClassLike::class) as $class) {
            $this->classLike($class);
        }
        foreach ($this->finder->find($tree, static fn (Node $n): bool => $n instanceof Node\FunctionLike) as $function) {
            if ($function instanceof Stmt\Function_ || $function instanceof Stmt\ClassMethod) {
                $this->variables($function);
            }
            $this->returns($function);
        }
    }

    private function known(Node\Name $name, Node $at): bool
    {
        $key = strtolower($name->toString());
        if (isset($this->types[$key]) || class_exists($key, false) || interface_exists($key, false) || !$this->closed) {
            return true;
        }
        $parts = explode('\\', $key);
        if (count($parts) > 1 ? !isset($this->spaces[$parts[0]]) : $this->types === [] || !$this->homemade($name->toString())) {
            return true;
        }
        $this->add('undefined-class', "the class {$name->toString()} does not exist in the project", $at);
        return false;
    }

    /** A class without namespace is the project's own only if it is named like nothing of an extension or a tool. */
    private function homemade(string $name): bool
    {
        return !preg_match('/^(PDO|Redis|Memcache|Imagick|Zip|Soap|Intl|Collator|Number|Message|Locale|Normalizer|mysqli|SQLite|DOM|XML|XSL|PHPUnit|WP_|Swoole|Ds|Mongo|AMQP|Yaf|Gmagick|tidy|Tidy|Event|Ev|COM|FFI|finfo|Spoof|Transliterator|ResourceBundle|CURL|GdImage|GMP|OpenSSL|PgSql|LDAP|IMAP|Shm|Sysv|Uv|Zookeeper|Rd)/i', $name);
    }

    /** @param list<Node> $tree */
    private function call(Expr\FuncCall $call, array $tree): void
    {
        if (!$call->name instanceof Node\Name) {
            return;
        }
        $short = strtolower($call->name->getLast());
        $full = strtolower(($call->name->getAttribute('namespacedName') ?? $call->name)->toString());
        $found = $this->functions[$full] ?? $this->functions[strtolower($call->name->toString())] ?? null;
        if ($found !== null) {
            $this->arguments($found->params, $found->least(), $call->getRawArgs(), $call, "$short()");
            return;
        }
        if (function_exists($short)) {
            $this->internal(new ReflectionFunction($short), $call->getRawArgs(), $call);
            return;
        }
        if (!$this->closed || preg_match(EXTENSIONS, $short) || $this->guarded($short, $tree)) {
            return;
        }
        $parts = explode('\\', strtolower($call->name->toString()));
        if (count($parts) > 1 && !isset($this->spaces[$parts[0]])) {
            return;
        }
        $this->add('undefined-function', "the function $short() does not exist in PHP or in the project", $call);
    }

    /** @param list<Node> $tree */
    private function guarded(string $name, array $tree): bool
    {
        return (bool) $this->finder->findFirst($tree, static fn (Node $n): bool => $n instanceof Expr\FuncCall
            && $n->name instanceof Node\Name && strtolower($n->name->getLast()) === 'function_exists'
            && ($n->getRawArgs()[0]->value ?? null) instanceof Node\Scalar\String_
            && strtolower($n->getRawArgs()[0]->value->value) === $name);
    }

    /** @param array<Node\Arg|Node\VariadicPlaceholder> $args */
    private function internal(ReflectionFunctionAbstract $function, array $args, Node $at): void
    {
        foreach ($args as $arg) {
            if (!$arg instanceof Node\Arg || $arg->unpack || $arg->name !== null) {
                return;
            }
        }
        $name = $function->getName();
        if (count($args) < $function->getNumberOfRequiredParameters()) {
            $this->add('too-few-arguments', "$name() needs {$function->getNumberOfRequiredParameters()} arguments, not " . count($args), $at);
        } elseif (!$function->isVariadic() && count($args) > $function->getNumberOfParameters()) {
            $this->add('too-many-arguments', "$name() takes {$function->getNumberOfParameters()} arguments, not " . count($args), $at);
        }
    }

    /**
     * @param list<Node\Param> $params
     * @param array<Node\Arg|Node\VariadicPlaceholder> $args
     */
    private function arguments(array $params, int $least, array $args, Node $at, string $what): void
    {
        foreach ($args as $position => $arg) {
            if (!$arg instanceof Node\Arg || $arg->unpack) {
                return;
            }
            if ($arg->name !== null) {
                $names = array_map(static fn (Node\Param $p): string => (string) ($p->var->name ?? ''), $params);
                if (!in_array($arg->name->toString(), $names, true) && !array_filter($params, static fn ($p) => $p->variadic)) {
                    $this->add('unknown-argument', "$what has no parameter \${$arg->name->toString()}", $at);
                }
                return;
            }
            if (isset($params[$position]) && !$params[$position]->variadic && !($this->isNull($arg->value) && $params[$position]->default && $this->isNull($params[$position]->default))
                && $this->refuses($params[$position]->type, $arg->value)) {
                $this->add('argument-type', "argument " . ($position + 1) . " of $what is of the wrong type", $at);
            }
        }
        if (count($args) < $least) {
            $this->add('too-few-arguments', "$what needs $least arguments, not " . count($args), $at);
        }
    }

    private function construct(Expr\New_ $new, string $class): void
    {
        if (!$this->known($new->class, $new)) {
            return;
        }
        $type = $this->types[strtolower($class)] ?? null;
        if ($type !== null && ($type->abstract || $type->kind !== 'class')) {
            $this->add('not-instantiable', ($type->abstract ? 'the abstract class' : "the {$type->kind}") . " $class cannot be instantiated", $new);
            return;
        }
        $made = $this->method($class, '__construct');
        if ($made instanceof Signature) {
            $this->arguments($made->params, $made->least(), $new->getRawArgs(), $new, "$class::__construct()");
        } elseif ($made instanceof ReflectionMethod) {
            $this->internal($made, $new->getRawArgs(), $new);
        }
    }

    /** @param Expr\StaticCall|Expr\MethodCall|Expr\NullsafeMethodCall $call */
    private function methodCall(string $class, string $method, Expr $call): void
    {
        $found = $this->method($class, $method);
        if ($found === false) {
            $this->add('undefined-method', "$class has no method $method()", $call);
        } elseif ($found instanceof Signature && !($found->params === [] && !$this->declares($class, $method))) {
            $this->arguments($found->params, $found->least(), $call->getRawArgs(), $call, "$class::$method()");
        }
    }

    private function declares(string $class, string $method): bool
    {
        foreach ($this->line($class) ?? [] as $type) {
            if ($type instanceof Type && isset($type->methods[strtolower($method)])) {
                return true;
            }
        }
        return false;
    }

    private function constant(Node\Name $class, string $constant, Node $at): void
    {
        if ($constant === 'class') {
            return;
        }
        $line = $this->known($class, $at) ? $this->line($class->toString()) : null;
        foreach ($line ?? [] as $type) {
            if ($type instanceof Type ? isset($type->constants[$constant]) : $type->hasConstant($constant)) {
                return;
            }
        }
        if ($line !== null) {
            $this->add('undefined-constant', "{$class->toString()} has no constant or case $constant", $at);
        }
    }

    private function classLike(Stmt\ClassLike $class): void
    {
        if ($class->name === null) {
            return;
        }
        $name = $class->namespacedName?->toString() ?? $class->name->toString();
        $type = $this->types[strtolower($name)];
        if ($class instanceof Stmt\Class_ && $class->extends) {
            $this->known($class->extends, $class->extends);
        }
        $line = $type->kind === 'trait' ? null : $this->line($name);
        if ($line === null) {
            return;
        }
        if ($type->kind === 'class' && !$type->abstract) {
            $this->complete($class, $name, $line);
        }
        foreach ($this->finder->find($class->stmts, static fn (Node $n): bool => $n instanceof Expr\MethodCall || $n instanceof Expr\StaticCall) as $call) {
            if (!$call->name instanceof Node\Identifier) {
                continue;
            }
            $self = $call instanceof Expr\MethodCall
                ? $call->var instanceof Expr\Variable && $call->var->name === 'this'
                : $call->class instanceof Node\Name && in_array(strtolower($call->class->toString()), ['self', 'static'], true);
            if ($self && !$this->within($class, $call)) {
                $this->methodCall($name, $call->name->toString(), $call);
            }
        }
    }

    /** Whether the call is inside an anonymous class or a bound closure, where `$this` is another object. */
    private function within(Stmt\ClassLike $class, Node $call): bool
    {
        $inner = $this->finder->find($class->stmts, static fn (Node $n): bool => $n instanceof Stmt\Class_ && $n->name === null);
        foreach ($inner as $other) {
            if ($call->getStartFilePos() >= $other->getStartFilePos() && $call->getEndFilePos() <= $other->getEndFilePos()) {
                return true;
            }
        }
        return false;
    }

    /** @param list<Type|ReflectionClass<object>> $line */
    private function complete(Stmt\ClassLike $class, string $name, array $line): void
    {
        foreach ($line as $type) {
            $wanted = $type instanceof Type
                ? array_keys(array_filter($type->methods, static fn (Signature $m): bool => $m->abstract))
                : array_map(static fn ($m) => strtolower($m->getName()), array_filter($type->getMethods(), static fn ($m) => $m->isAbstract()));
            if ($type instanceof ReflectionClass && (str_ends_with($type->getName(), 'Enum') || $type->getName() === 'Traversable')) {
                continue;
            }
            foreach ($wanted as $method) {
                $there = false;
                foreach ($line as $other) {
                    $there = $there || ($other instanceof Type
                        ? isset($other->methods[$method]) && !$other->methods[$method]->abstract
                        : $other->hasMethod($method) && !$other->getMethod($method)->isAbstract());
                }
                if (!$there) {
                    $from = $type instanceof Type ? $type->name : $type->getName();
                    $this->add('missing-method', "$name does not have the method $method() that $from asks for", $class);
                }
            }
        }
    }

    /** @param Stmt\Function_|Stmt\ClassMethod $function */
    private function variables(Node $function): void
    {
        $body = $function->getStmts();
        if ($body === null || $this->finder->findFirst($body, static fn (Node $n): bool => $n instanceof Expr\Include_
            || $n instanceof Expr\Eval_ || ($n instanceof Expr\Variable && !is_string($n->name))
            || ($n instanceof Expr\FuncCall && $n->name instanceof Node\Name && in_array(strtolower($n->name->getLast()), ['extract', 'parse_str', 'compact', 'get_defined_vars'], true)))) {
            return;
        }
        $given = array_fill_keys(SUPERGLOBALS, true);
        foreach ($this->finder->find([$function], static fn (Node $n): bool => $n instanceof Node\Param) as $param) {
            $given[(string) $param->var->name] = true;
        }
        $named = static function (?Node $node) use (&$given, &$named): void {
            if ($node instanceof Expr\Variable && is_string($node->name)) {
                $given[$node->name] = true;
            } elseif ($node instanceof Expr\ArrayDimFetch || $node instanceof Expr\PropertyFetch) {
                $named($node->var);
            } elseif ($node instanceof Expr\List_ || $node instanceof Expr\Array_) {
                foreach ($node->items as $item) {
                    $named($item?->value);
                }
            }
        };
        foreach ($this->finder->find($body, static fn (Node $n): bool => true) as $node) {
            if ($node instanceof Expr\Assign || $node instanceof Expr\AssignRef || $node instanceof Expr\AssignOp\Coalesce) {
                $named($node->var);
                $node instanceof Expr\AssignRef && $named($node->expr);
            } elseif ($node instanceof Stmt\Foreach_) {
                $named($node->keyVar);
                $named($node->valueVar);
            } elseif ($node instanceof Stmt\Catch_) {
                $named($node->var);
            } elseif ($node instanceof Stmt\StaticVar || $node instanceof Expr\ClosureUse) {
                ($node instanceof Stmt\StaticVar || $node->byRef) && $named($node->var);
            } elseif ($node instanceof Stmt\Global_) {
                array_map($named, $node->vars);
            } elseif ($node instanceof Expr\Isset_ || $node instanceof Stmt\Unset_) {
                array_map($named, $node->vars);
            } elseif ($node instanceof Expr\Empty_) {
                $named($node->expr);
            } elseif ($node instanceof Expr\BinaryOp\Coalesce) {
                $named($node->left);
            } elseif ($node instanceof Node\Arg) {
                $named($node->value);
            }
        }
        $seen = [];
        foreach ($this->finder->findInstanceOf($body, Expr\Variable::class) as $variable) {
            if (is_string($variable->name) && !isset($given[$variable->name]) && !isset($seen[$variable->name])) {
                $seen[$variable->name] = true;
                $this->add('undefined-variable', "the variable \${$variable->name} is never given a value here", $variable);
            }
        }
    }

    private function returns(Node\FunctionLike $function): void
    {
        $type = $function->getReturnType();
        $body = $function->getStmts();
        if ($type === null || $body === null || $function instanceof Expr\ArrowFunction) {
            return;
        }
        $own = $this->ownReturns($body);
        foreach ($own as $return) {
            if ($return instanceof Stmt\Return_ && $return->expr !== null && $this->refuses($type, $return->expr)) {
                $this->add('return-type', 'the returned value is not of the declared type', $return);
            }
        }
        $free = $type instanceof Node\Identifier && in_array($type->toLowerString(), ['void', 'never', 'null', 'mixed', 'iterable'], true);
        if ($own === [] && !$free && !$this->ends($body)) {
            $this->add('missing-return', 'the function declares a type and returns nothing', $function);
        }
    }

    /** Whether a body without `return` cannot reach its end. @param array<Node> $body */
    private function ends(array $body): bool
    {
        return (bool) $this->finder->findFirst($body, static fn (Node $n): bool => $n instanceof Stmt\Throw_ || $n instanceof Expr\Throw_
            || $n instanceof Expr\Exit_ || $n instanceof Expr\Yield_ || $n instanceof Expr\YieldFrom || $n instanceof Stmt\While_
            || $n instanceof Stmt\For_ || $n instanceof Stmt\Do_ || $n instanceof Expr\StaticCall || $n instanceof Stmt\Goto_)
            && !$this->plain($body);
    }

    /** @param array<Node> $body */
    private function plain(array $body): bool
    {
        $last = end($body);
        return $last instanceof Stmt\Echo_;
    }

    /**
     * The function's own `return`s and `yield`s, not those of functions inside it.
     *
     * @param array<Node> $nodes
     * @return list<Node>
     */
    private function ownReturns(array $nodes): array
    {
        $found = [];
        foreach ($nodes as $node) {
            if (!$node instanceof Node || $node instanceof Node\FunctionLike || $node instanceof Stmt\ClassLike) {
                continue;
            }
            if ($node instanceof Stmt\Return_ || $node instanceof Expr\Yield_ || $node instanceof Expr\YieldFrom) {
                $found[] = $node;
            }
            foreach ($node->getSubNodeNames() as $name) {
                $below = $node->$name;
                $found = array_merge($found, $this->ownReturns(is_array($below) ? $below : ($below instanceof Node ? [$below] : [])));
            }
        }
        return $found;
    }

    /** Whether a literal can never be taken for the type, not even by PHP's coercions. */
    private function refuses(?Node $type, Node $value): bool
    {
        if ($type instanceof Node\NullableType) {
            return !$this->isNull($value) && $this->refuses($type->type, $value);
        }
        if (!$type instanceof Node\Identifier) {
            return $type instanceof Node\Name && !$type->isSpecialClassName()
                && ($value instanceof Node\Scalar || $value instanceof Expr\Array_ || $this->isNull($value)) && !$value instanceof Node\Scalar\MagicConst;
        }
        $name = $type->toLowerString();
        if ($this->isNull($value)) {
            return in_array($name, ['int', 'float', 'string', 'bool', 'array', 'callable', 'iterable', 'object'], true);
        }
        return match ($name) {
            'int', 'float' => ($value instanceof Node\Scalar\String_ && !is_numeric($value->value)) || $value instanceof Expr\Array_,
            'bool', 'string' => $value instanceof Expr\Array_,
            'array' => $value instanceof Node\Scalar && !$value instanceof Node\Scalar\MagicConst,
            default => false,
        };
    }

    private function isNull(Node $value): bool
    {
        return $value instanceof Expr\ConstFetch && strtolower($value->name->toString()) === 'null';
    }
}

$paths = array_filter(explode("\0", (string) stream_get_contents(STDIN)), static fn (string $p): bool => $p !== '');
$parser = (new ParserFactory())->create(ParserFactory::PREFER_PHP7, new PhpParser\Lexer\Emulative([
    'usedAttributes' => ['startLine', 'endLine', 'startFilePos', 'endFilePos'],
]));
$names = new Names();
$trees = [];
foreach ($paths as $path) {
    $source = (string) file_get_contents('./' . $path, false, null, 0, MAX_BYTES + 1);
    if (strlen($source) > MAX_BYTES || preg_match('/[(\\[{]{150}/', $source)) {
        continue; // reported by the syntax stage, as is what does not parse
    }
    try {
        $traverser = new NodeTraverser();
        $traverser->addVisitor(new NameResolver(null, ['preserveOriginalNames' => true]));
        $trees[$path] = $traverser->traverse($parser->parse($source) ?? []);
    } catch (PhpParser\Error) {
        continue;
    }
}
foreach ($trees as $tree) {
    $names->collect($tree);
}
foreach ($trees as $path => $tree) {
    $names->check((string) $path, $tree);
}
$findings = array_values(array_unique($names->findings, SORT_REGULAR));
echo json_encode(['files' => count($paths), 'findings' => array_slice($findings, 0, 200), 'facts' => (object) [], 'broken' => []],
    JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE);
