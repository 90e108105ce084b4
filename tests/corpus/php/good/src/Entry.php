<?php

declare(strict_types=1);

namespace Ledger;

final class Entry
{
    public function __construct(
        public readonly string $account,
        public readonly int $cents,
        public readonly Kind $kind = Kind::Credit
    ) {
        if ($cents <= 0) {
            throw new \InvalidArgumentException('an entry needs a positive amount');
        }
    }

    public function signed(): int
    {
        return $this->kind === Kind::Credit ? $this->cents : -$this->cents;
    }
}
