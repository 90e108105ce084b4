package inventory;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The articles of a shop, by name. */
public class Stock {
    private final Map<String, Item> items = new TreeMap<>();

    public void put(Item item) {
        items.put(item.name(), item);
    }

    public Optional<Item> find(String name) {
        return Optional.ofNullable(items.get(name));
    }

    /** Names of the articles of which there are fewer than {@code limit}, in alphabetical order. */
    public List<String> scarce(int limit) {
        List<String> names = new ArrayList<>();
        for (Item item : items.values()) {
            if (item.quantity() < limit) {
                names.add(item.name());
            }
        }
        return names;
    }

    public long worth() {
        long cents = 0;
        for (Item item : items.values()) {
            cents += item.total();
        }
        return cents;
    }

    /** Quantity from text such as "12"; zero for anything else. */
    public static int parseQuantity(String text) {
        try {
            return Math.max(0, Integer.parseInt(text.trim()));
        } catch (NumberFormatException error) {
            return 0;
        }
    }

    public static String level(int quantity) {
        String level;
        switch (quantity) {
            case 0:
                level = "none";
                break;
            case 1:
                level = "last";
                break;
            default:
                level = "some";
        }
        return level;
    }
}
