#include "stack.h"

#include <assert.h>
#include <stdio.h>

int main(void)
{
    int value = 0;
    assert(evaluate("1 2 + 3 *", &value) && value == 9);
    assert(evaluate("10 4 -", &value) && value == 6);
    assert(evaluate(" 7 ", &value) && value == 7);
    assert(!evaluate("1 +", &value));
    assert(!evaluate("1 2", &value));
    assert(!evaluate("", &value));
    assert(!evaluate("1 2 /", &value));
    puts("evaluate: ok");
    return 0;
}
