#ifndef STACK_H
#define STACK_H

#include <stdbool.h>
#include <stddef.h>

/* A stack of ints that grows. */
struct stack {
    int *items;
    size_t count;
    size_t room;
};

void stack_init(struct stack *stack);
void stack_free(struct stack *stack);
bool stack_push(struct stack *stack, int item);
bool stack_pop(struct stack *stack, int *item);

/* Evaluates a postfix expression such as "1 2 + 3 *". False for anything else. */
bool evaluate(const char *text, int *value);

#endif
