#include "stack.h"

#include <assert.h>
#include <stdio.h>

static void grows_and_returns_in_reverse(void)
{
    struct stack stack;
    int item = 0;
    stack_init(&stack);
    for (int i = 0; i < 10; i++) {
        assert(stack_push(&stack, i));
    }
    for (int i = 9; i >= 0; i--) {
        assert(stack_pop(&stack, &item));
        assert(item == i);
    }
    assert(!stack_pop(&stack, &item));
    stack_free(&stack);
    assert(stack.count == 0);
}

int main(void)
{
    grows_and_returns_in_reverse();
    puts("stack: ok");
    return 0;
}
