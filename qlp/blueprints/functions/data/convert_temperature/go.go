package functions

import "errors"

// Scale is a temperature scale.
type Scale int

// The scales that ConvertTemperature knows.
const (
	Celsius Scale = iota
	Fahrenheit
	Kelvin
)

// Errors of ConvertTemperature.
var (
	ErrUnknownScale      = errors.New("unknown temperature scale")
	ErrBelowAbsoluteZero = errors.New("below absolute zero")
)

// value in kelvin = (value + offset) * factor
var temperatureScales = map[Scale]struct{ offset, factor float64 }{
	Celsius:    {273.15, 1},
	Fahrenheit: {459.67, 5.0 / 9},
	Kelvin:     {0, 1},
}

// ConvertTemperature returns the temperature in the scale target.
func ConvertTemperature(value float64, source, target Scale) (float64, error) {
	from, known := temperatureScales[source]
	to, knownTarget := temperatureScales[target]
	if !known || !knownTarget {
		return 0, ErrUnknownScale
	}
	kelvin := (value + from.offset) * from.factor
	if kelvin < 0 {
		return 0, ErrBelowAbsoluteZero
	}
	return kelvin/to.factor - to.offset, nil
}
