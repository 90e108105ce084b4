#include "stack.h"

#include <ctype.h>
#include <stdlib.h>

static bool apply(struct stack *stack, char operator)
{
    int right;
    int left;
    if (!stack_pop(stack, &right) || !stack_pop(stack, &left)) {
        return false;
    }
    switch (operator) {
    case '+':
        return stack_push(stack, left + right);
    case '-':
        return stack_push(stack, left - right);
    case '*':
        return stack_push(stack, left * right);
    default:
        return false;
    }
}

static bool run(struct stack *stack, const char *text)
{
    while (*text != '\0') {
        if (isspace((unsigned char)*text)) {
            text++;
        } else if (isdigit((unsigned char)*text)) {
            char *end;
            long number = strtol(text, &end, 10);
            if (!stack_push(stack, (int)number)) {
                return false;
            }
            text = end;
        } else if (!apply(stack, *text)) {
            return false;
        } else {
            text++;
        }
    }
    return true;
}

bool evaluate(const char *text, int *value)
{
    struct stack stack;
    stack_init(&stack);
    bool good = run(&stack, text) && stack.count == 1 && stack_pop(&stack, value);
    stack_free(&stack);
    return good;
}
