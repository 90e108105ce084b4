#include "shapes.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace {

int failures = 0;

void check(bool condition, const char *what) {
    if (!condition) {
        std::fprintf(stderr, "FAILED: %s\n", what);
        ++failures;
    }
}

bool refused(const std::string &text) {
    try {
        shapes::parse(text);
    } catch (const std::invalid_argument &) {
        return true;
    }
    return false;
}

} // namespace

int main() {
    shapes::Shapes all;
    all.push_back(shapes::parse("square 4"));
    all.push_back(shapes::parse("rectangle 2 3"));
    all.push_back(shapes::parse("circle 1"));
    check(std::abs(all[2]->area() - 3.14159265) < 1e-6, "area of a circle");
    check(std::abs(shapes::total_area(all) - 25.14159265) < 1e-6, "total area");
    const shapes::Shape *big = shapes::largest(all);
    check(big != nullptr && big->area() == 16, "largest");
    check(shapes::largest({}) == nullptr, "largest of none");
    check(all[1]->name() == "rectangle" && all[2]->name() == "circle", "names");
    check(refused("triangle 3"), "unknown shape");
    check(refused("rectangle 2"), "missing side");
    check(refused("rectangle 2 -3"), "negative side");
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
