<?php

declare(strict_types=1);

namespace Ledger;

interface Store
{
    public function add(Entry $entry): void;

    public function balance(string $account): int;
}
