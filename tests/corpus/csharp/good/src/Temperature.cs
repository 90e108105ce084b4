using System;
using System.Collections.Generic;
using System.Linq;

namespace Weather
{
    /// <summary>Measured temperatures of one place, in degrees Celsius.</summary>
    public class Station
    {
        private readonly List<double> values = new List<double>();

        public Station(string name)
        {
            if (name == null)
            {
                throw new ArgumentNullException(nameof(name));
            }
            Name = name;
        }

        public string Name { get; }

        public int Count
        {
            get { return values.Count; }
        }

        public void Add(double celsius)
        {
            if (celsius < -273.15)
            {
                throw new ArgumentOutOfRangeException(nameof(celsius));
            }
            values.Add(celsius);
        }

        public double Mean()
        {
            if (values.Count == 0)
            {
                throw new InvalidOperationException("nothing was measured");
            }
            return values.Sum() / values.Count;
        }

        public IEnumerable<double> Above(double limit)
        {
            return values.Where(value => value > limit);
        }

        public static double ToFahrenheit(double celsius)
        {
            return celsius * 9 / 5 + 32;
        }

        public static string Describe(double celsius)
        {
            if (celsius < 0)
            {
                return "frost";
            }
            return celsius < 20 ? "mild" : "warm";
        }
    }
}
