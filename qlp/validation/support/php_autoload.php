<?php

// Runs in the sandbox before phpunit's tests, where the project has a composer.json and no vendor folder: loads the
// project's own classes as Composer's autoloader would.

declare(strict_types=1);

(static function (): void {
    $root = dirname(__DIR__);
    $composer = json_decode((string) @file_get_contents("$root/composer.json"), true);
    $composer = is_array($composer) ? $composer : [];
    $prefixes = [];
    foreach (['autoload', 'autoload-dev'] as $section) {
        $rules = is_array($composer[$section] ?? null) ? $composer[$section] : [];
        foreach ((array) ($rules['psr-4'] ?? []) as $prefix => $folders) {
            foreach ((array) $folders as $folder) {
                $prefixes[] = [(string) $prefix, rtrim("$root/$folder", '/')];
            }
        }
        foreach ((array) ($rules['files'] ?? []) as $file) {
            if (is_file("$root/$file")) {
                require_once "$root/$file";
            }
        }
        foreach ((array) ($rules['classmap'] ?? []) as $folder) {
            $prefixes[] = ['', rtrim("$root/$folder", '/')];
        }
    }
    usort($prefixes, static fn (array $a, array $b): int => strlen($b[0]) <=> strlen($a[0]));
    spl_autoload_register(static function (string $class) use ($prefixes): void {
        foreach ($prefixes as [$prefix, $folder]) {
            if ($prefix === '' || str_starts_with($class, $prefix)) {
                $file = $folder . '/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
                if (is_file($file)) {
                    require_once $file;
                    return;
                }
            }
        }
    });
})();
