<?php

declare(strict_types=1);

namespace Ledger\Tests;

use Ledger\Entry;
use Ledger\Kind;
use Ledger\MemoryStore;
use PHPUnit\Framework\TestCase;

final class MemoryStoreTest extends TestCase
{
    private MemoryStore $store;

    protected function setUp(): void
    {
        $this->store = new MemoryStore();
        $this->store->add(new Entry('rent', 500));
        $this->store->add(new Entry('food', 250));
        $this->store->add(new Entry('rent', 120, Kind::Debit));
    }

    public function testBalance(): void
    {
        $this->assertSame(380, $this->store->balance('rent'));
        $this->assertSame(0, $this->store->balance('none'));
    }

    public function testAccounts(): void
    {
        $this->assertSame(['food', 'rent'], $this->store->accounts());
        $this->assertCount(3, $this->store);
    }

    public function testDescribe(): void
    {
        $this->assertSame('rent: 3.80', $this->store->describe('rent'));
    }

    public function testAnEntryNeedsAnAmount(): void
    {
        $this->expectException(\InvalidArgumentException::class);
        new Entry('rent', 0);
    }
}
