-- dialect: sqlite
CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE
);

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    placed_on TEXT NOT NULL,
    cents INTEGER NOT NULL CHECK (cents > 0)
);

CREATE INDEX orders_by_customer ON orders (customer_id);

CREATE VIEW turnover AS
SELECT
    customers.id AS customer_id,
    customers.name AS name,
    SUM(orders.cents) AS cents
FROM customers
INNER JOIN orders ON orders.customer_id = customers.id
GROUP BY customers.id, customers.name;
