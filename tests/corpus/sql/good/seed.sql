-- dialect: sqlite
INSERT INTO customers (id, name, email) VALUES
(1, 'Ada', 'ada@example.com'),
(2, 'Grace', 'grace@example.com');

INSERT INTO orders (customer_id, placed_on, cents) VALUES
(1, '2024-01-03', 1200),
(1, '2024-02-11', 800),
(2, '2024-02-12', 350);
