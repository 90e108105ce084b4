-- dialect: sqlite
SELECT
    customers.name,
    COUNT(orders.id) AS orders_placed
FROM customers
LEFT JOIN orders ON orders.customer_id = customers.id
WHERE orders.placed_on >= :since
GROUP BY customers.name
ORDER BY orders_placed DESC;

WITH monthly AS (
    SELECT
        SUBSTR(placed_on, 1, 7) AS month,
        SUM(cents) AS cents
    FROM orders
    GROUP BY SUBSTR(placed_on, 1, 7)
)
SELECT month, cents
FROM monthly
WHERE cents > 500;

UPDATE orders SET cents = cents - 50 WHERE id = :id;

SELECT name, cents FROM turnover WHERE cents IS NOT NULL;
