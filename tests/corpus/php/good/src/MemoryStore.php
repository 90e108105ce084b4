<?php

declare(strict_types=1);

namespace Ledger;

final class MemoryStore implements Store, \Countable
{
    /** @var list<Entry> */
    private array $entries = [];

    public function add(Entry $entry): void
    {
        $this->entries[] = $entry;
    }

    public function balance(string $account): int
    {
        $sum = 0;
        foreach ($this->of($account) as $entry) {
            $sum += $entry->signed();
        }
        return $sum;
    }

    public function count(): int
    {
        return count($this->entries);
    }

    /** @return list<string> */
    public function accounts(): array
    {
        $names = array_unique(array_map(static fn (Entry $e): string => $e->account, $this->entries));
        sort($names);
        return $names;
    }

    public function describe(string $account): string
    {
        return sprintf('%s: %.2f', $account, $this->balance($account) / 100);
    }

    /** @return list<Entry> */
    private function of(string $account): array
    {
        $found = array_filter($this->entries, static fn (Entry $e): bool => $e->account === $account);
        return array_values($found);
    }
}
