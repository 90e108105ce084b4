package inventory;

import java.util.Objects;

/** One article: its name, how many there are, and the price of one in cents. */
public final class Item {
    private final String name;
    private final int quantity;
    private final long cents;

    public Item(String name, int quantity, long cents) {
        if (quantity < 0) {
            throw new IllegalArgumentException("quantity must not be negative");
        }
        this.name = Objects.requireNonNull(name, "name");
        this.quantity = quantity;
        this.cents = cents;
    }

    public String name() {
        return name;
    }

    public int quantity() {
        return quantity;
    }

    public long total() {
        return quantity * cents;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Item
            && name.equals(((Item) other).name)
            && quantity == ((Item) other).quantity
            && cents == ((Item) other).cents;
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, quantity, cents);
    }
}
