#pragma once

#include <memory>
#include <string>
#include <vector>

namespace shapes {

class Shape {
public:
    virtual ~Shape() = default;
    virtual double area() const = 0;
    virtual std::string name() const = 0;
};

class Rectangle : public Shape {
public:
    Rectangle(double width, double height);
    double area() const override;
    std::string name() const override;

private:
    double width_;
    double height_;
};

class Circle : public Shape {
public:
    explicit Circle(double radius);
    double area() const override;
    std::string name() const override;

private:
    double radius_;
};

using Shapes = std::vector<std::unique_ptr<Shape>>;

double total_area(const Shapes &shapes);

/// The shape with the largest area; nullptr if there is none.
const Shape *largest(const Shapes &shapes);

/// "square 4", "rectangle 2 3" or "circle 1". Throws std::invalid_argument for anything else.
std::unique_ptr<Shape> parse(const std::string &text);

} // namespace shapes
