<?php

declare(strict_types=1);

namespace Ledger;

enum Kind: string
{
    case Credit = 'credit';
    case Debit = 'debit';
}
