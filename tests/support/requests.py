"""Requests as users write them, by the blueprint that must serve them."""

from __future__ import annotations

REQUESTS: dict[str, tuple[str, ...]] = {
    "fastapi-crud": (
        "Build a REST API for a bookstore: books with title, author, price and stock, and orders that reduce the stock",
        "Create a FastAPI service for managing invoices with customer name, amount, due date and status "
        "(draft, sent, paid), protected by an API key",
        "I need a REST API for a clinic: patients with name, email (unique) and birth date, and appointments "
        "with a date and optional notes; each appointment belongs to a patient",
    ),
    "express-crud": (
        "Build a REST API in Express and TypeScript for a bookstore: books with title, author, price and stock, "
        "and orders that reduce the stock",
        "An Express + TypeScript API for members with name and email (unique), and events with title and date; "
        "each event belongs to a member",
        "Node TypeScript REST API with API key for products (name, price, active) and categories",
    ),
    "go-crud": (
        "A todo API in Go with tasks (title, done, due date) and projects; each task belongs to a project",
        "Write a REST service in Go for a warehouse: items with name, price and stock, and shipments that reduce the stock",
        "A Go API for recipes with title, servings and minutes, protected by an API key",
    ),
    "python-cli": (
        "A command line tool to manage expenses with description, amount, category and date: add, list, total by category",
        "A CLI todo app: tasks with title, due date and done; commands add, list, done and delete",
        "Command line tool in Python to keep contacts with name, email and phone: add, list, search, export",
    ),
    "python-library": (
        "A Python library for temperature and length conversion",
        "A Python library with validators for email, url and credit card numbers",
        "A Python library for an inventory: items with name, price and stock",
    ),
    "data-pipeline": (
        "Read a CSV of orders (id, customer, amount, date), load it into SQLite and print the total per customer",
        "A data pipeline that loads JSON sensor readings (sensor, temperature, date) into SQLite and reports the "
        "average temperature per sensor",
        "Load a CSV of employees (name, department, salary) into SQLite and report the count per department",
    ),
    "functions": (
        "Write a function that checks whether a string is a palindrome in JavaScript",
        "An LRU cache class in Go",
        "Python functions for binary search, merge sort and Levenshtein distance",
    ),
}

REFUSED: tuple[str, ...] = (
    "Build a mobile app with real-time chat and push notifications",
    "Write a Rust web server for books",
    "Make a Django REST API for books with title and author",
    "Build something nice",
    "Write me a poem about the sea",
    "A REST API for books with GraphQL and websockets",
    "Train a neural network that recognises cats",
)
