package shop

import kotlin.math.abs

/** An amount in cents. */
data class Money(val cents: Long, val currency: String = "EUR") : Comparable<Money> {
    init {
        require(currency.length == 3) { "a currency has three letters: $currency" }
    }

    operator fun plus(other: Money): Money = copy(cents = cents + other.cents)

    override fun compareTo(other: Money): Int = cents.compareTo(other.cents)

    override fun toString(): String {
        val sign = if (cents < 0) "-" else ""
        return "$sign${abs(cents) / 100}.${"%02d".format(abs(cents) % 100)} $currency"
    }

    companion object {
        val ZERO = Money(0)

        fun parse(text: String): Money? {
            val match = Regex("""(\d+)\.(\d{2})""").matchEntire(text) ?: return null
            val (whole, part) = match.destructured
            return Money(whole.toLong() * 100 + part.toLong())
        }
    }
}

sealed interface Event

object Closed : Event

class Paid(val amount: Money) : Event

fun List<Event>.total(): Money = filterIsInstance<Paid>()
    .map { it.amount }
    .fold(Money.ZERO) { sum, next -> sum + next }

fun describe(event: Event): String = when (event) {
    is Paid -> "paid ${event.amount}"
    Closed -> "closed"
}
