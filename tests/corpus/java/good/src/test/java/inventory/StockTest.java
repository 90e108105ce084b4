package inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StockTest {
    private Stock stock;

    @BeforeEach
    void fill() {
        stock = new Stock();
        stock.put(new Item("nail", 10, 5));
        stock.put(new Item("hammer", 2, 1500));
    }

    @Test
    void findsWhatWasPut() {
        assertEquals(10, stock.find("nail").orElseThrow().quantity());
        assertTrue(stock.find("saw").isEmpty());
    }

    @Test
    void namesWhatIsScarce() {
        assertEquals(List.of("hammer"), stock.scarce(10));
        assertEquals(List.of("hammer", "nail"), stock.scarce(11));
    }

    @Test
    void addsUpItsWorth() {
        assertEquals(3050, stock.worth());
    }

    @Test
    void readsQuantities() {
        assertEquals(12, Stock.parseQuantity(" 12 "));
        assertEquals(0, Stock.parseQuantity("many"));
        assertEquals(0, Stock.parseQuantity("-3"));
    }

    @Test
    void namesLevels() {
        assertEquals("none", Stock.level(0));
        assertEquals("last", Stock.level(1));
        assertEquals("some", Stock.level(2));
    }

    @Test
    void comparesAndRefuses() {
        assertEquals(new Item("nail", 1, 2), new Item("nail", 1, 2));
        assertThrows(IllegalArgumentException.class, () -> new Item("nail", -1, 2));
    }
}
