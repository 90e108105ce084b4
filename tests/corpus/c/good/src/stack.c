#include "stack.h"

#include <stdlib.h>

void stack_init(struct stack *stack)
{
    stack->items = NULL;
    stack->count = 0;
    stack->room = 0;
}

void stack_free(struct stack *stack)
{
    free(stack->items);
    stack_init(stack);
}

bool stack_push(struct stack *stack, int item)
{
    if (stack->count == stack->room) {
        size_t room = stack->room == 0 ? 4 : stack->room * 2;
        int *grown = realloc(stack->items, room * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        stack->items = grown;
        stack->room = room;
    }
    stack->items[stack->count] = item;
    stack->count += 1;
    return true;
}

bool stack_pop(struct stack *stack, int *item)
{
    if (stack->count == 0) {
        return false;
    }
    stack->count -= 1;
    *item = stack->items[stack->count];
    return true;
}
