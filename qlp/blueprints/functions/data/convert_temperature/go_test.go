package functions

import (
	"errors"
	"math"
	"testing"
	"testing/quick"
)

func TestConvertTemperatureFixedPoints(t *testing.T) {
	for _, point := range []map[Scale]float64{
		{Celsius: -273.15, Fahrenheit: -459.67, Kelvin: 0},
		{Celsius: -40, Fahrenheit: -40, Kelvin: 233.15},
		{Celsius: 0, Fahrenheit: 32, Kelvin: 273.15},
		{Celsius: 100, Fahrenheit: 212, Kelvin: 373.15},
	} {
		for source, value := range point {
			for target, want := range point {
				got, err := ConvertTemperature(value, source, target)
				if err != nil || math.Abs(got-want) > 1e-6 {
					t.Errorf("ConvertTemperature(%v, %v, %v) = %v, %v, want %v", value, source, target, got, err, want)
				}
			}
		}
	}
}

func TestConvertTemperatureDetourDoesNotMatter(t *testing.T) {
	property := func(value uint16, i, j, k uint8) bool {
		a, b, c := Scale(i%3), Scale(j%3), Scale(k%3)
		direct, err := ConvertTemperature(float64(value), a, c)
		halfway, halfErr := ConvertTemperature(float64(value), a, b)
		detour, detourErr := ConvertTemperature(halfway, b, c)
		return err == nil && halfErr == nil && detourErr == nil && math.Abs(direct-detour) < 1e-6
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestConvertTemperatureRefusesImpossibleInput(t *testing.T) {
	if _, err := ConvertTemperature(-273.16, Celsius, Kelvin); !errors.Is(err, ErrBelowAbsoluteZero) {
		t.Errorf("below absolute zero gave error %v", err)
	}
	if _, err := ConvertTemperature(0, Celsius, Scale(7)); !errors.Is(err, ErrUnknownScale) {
		t.Errorf("unknown target gave error %v", err)
	}
	if _, err := ConvertTemperature(0, Scale(7), Celsius); !errors.Is(err, ErrUnknownScale) {
		t.Errorf("unknown source gave error %v", err)
	}
}
