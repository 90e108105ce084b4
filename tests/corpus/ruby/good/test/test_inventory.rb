# frozen_string_literal: true

require 'minitest/autorun'
require 'inventory'

class TestInventory < Minitest::Test
  def setup
    @stock = Inventory.new('pear' => 2).add('apple', 10)
  end

  def test_counts
    assert_equal 12, @stock.total
    assert_equal 7, @stock.remove('apple', 3)
  end

  def test_the_last_one_is_gone
    @stock.remove('pear', 2)
    refute_includes @stock.items, 'pear'
  end

  def test_mistakes
    assert_raises(Inventory::UnknownItem) { @stock.remove('fig', 1) }
    assert_raises(ArgumentError) { @stock.remove('pear', 3) }
    assert_raises(ArgumentError) { @stock.add('pear', 0) }
  end

  def test_report
    assert_equal "apple       10\npear         2", @stock.report
  end

  def test_json
    assert_equal @stock.items, Inventory.parse(@stock.to_json).items
  end

  def test_kind
    assert_equal %i[none few many], %w[fig pear apple].map { |name| @stock.kind(name) }
  end
end
