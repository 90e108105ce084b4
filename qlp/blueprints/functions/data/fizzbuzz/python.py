"""FizzBuzz."""


def fizzbuzz(n: int) -> list[str]:
    """Return the lines for 1..n: Fizz for multiples of 3, Buzz for 5, FizzBuzz for both."""
    lines: list[str] = []
    for number in range(1, n + 1):
        word = ("Fizz" if number % 3 == 0 else "") + ("Buzz" if number % 5 == 0 else "")
        lines.append(word or str(number))
    return lines
