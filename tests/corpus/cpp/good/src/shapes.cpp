#include "shapes.hpp"

#include <stdexcept>

namespace shapes {

namespace {

constexpr double pi = 3.14159265358979;

} // namespace

Rectangle::Rectangle(double width, double height) : width_(width), height_(height) {
    if (width < 0 || height < 0) {
        throw std::invalid_argument("a side must not be negative");
    }
}

double Rectangle::area() const {
    return width_ * height_;
}

std::string Rectangle::name() const {
    return "rectangle";
}

Circle::Circle(double radius) : radius_(radius) {}

double Circle::area() const {
    return pi * radius_ * radius_;
}

std::string Circle::name() const {
    return "circle";
}

double total_area(const Shapes &shapes) {
    double sum = 0;
    for (const auto &shape : shapes) {
        sum += shape->area();
    }
    return sum;
}

const Shape *largest(const Shapes &shapes) {
    const Shape *found = nullptr;
    for (const auto &shape : shapes) {
        if (found == nullptr || shape->area() > found->area()) {
            found = shape.get();
        }
    }
    return found;
}

std::unique_ptr<Shape> parse(const std::string &text) {
    const auto space = text.find(' ');
    if (space == std::string::npos) {
        throw std::invalid_argument("no shape: " + text);
    }
    const std::string kind = text.substr(0, space);
    std::size_t used = 0;
    const double first = std::stod(text.substr(space), &used);
    const std::string rest = text.substr(space + used);
    if (kind == "circle") {
        return std::make_unique<Circle>(first);
    }
    if (kind == "square") {
        return std::make_unique<Rectangle>(first, first);
    }
    if (kind == "rectangle" && !rest.empty()) {
        return std::make_unique<Rectangle>(first, std::stod(rest));
    }
    throw std::invalid_argument("no shape: " + text);
}

} // namespace shapes
