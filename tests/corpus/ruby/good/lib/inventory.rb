# frozen_string_literal: true

require 'json'

# Stock of a small shop.
class Inventory
  class UnknownItem < StandardError; end

  attr_reader :items

  def initialize(items = {})
    @items = items.dup
  end

  def add(name, count)
    raise ArgumentError, 'count must be positive' unless count.positive?

    @items[name] = @items.fetch(name, 0) + count
    self
  end

  def remove(name, count)
    left = @items.fetch(name) { raise UnknownItem, name } - count
    raise ArgumentError, "only #{@items[name]} of #{name}" if left.negative?

    left.zero? ? @items.delete(name) : @items[name] = left
    left
  end

  def total
    @items.sum { |_name, count| count }
  end

  def report
    lines = @items.sort.map do |name, count|
      format('%-10s %3d', name, count)
    end
    lines.join("\n")
  end

  def to_json(*args)
    JSON.generate(@items, *args)
  end

  def self.parse(text)
    new(JSON.parse(text))
  end

  def kind(name)
    case @items.fetch(name, 0)
    when 0 then :none
    when 1..9 then :few
    else :many
    end
  end
end
