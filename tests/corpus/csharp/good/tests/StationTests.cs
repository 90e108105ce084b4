using System;
using System.Linq;
using Weather;

public static class StationTests
{
    private static int failures;

    private static void Equal(object expected, object actual, string what)
    {
        if (!Equals(expected, actual))
        {
            Console.Error.WriteLine("FAILED {0}: expected {1}, got {2}", what, expected, actual);
            failures++;
        }
    }

    private static bool Throws<T>(Action action) where T : Exception
    {
        try
        {
            action();
        }
        catch (T)
        {
            return true;
        }
        return false;
    }

    public static int Main()
    {
        var station = new Station("harbour");
        Equal(true, Throws<InvalidOperationException>(() => station.Mean()), "mean of nothing");
        station.Add(10);
        station.Add(20);
        station.Add(36);
        Equal(3, station.Count, "count");
        Equal(22.0, station.Mean(), "mean");
        Equal("20 36", string.Join(" ", station.Above(10).Select(v => v.ToString())), "above");
        Equal(212.0, Station.ToFahrenheit(100), "fahrenheit");
        Equal("frost", Station.Describe(-1), "frost");
        Equal("mild", Station.Describe(0), "mild");
        Equal("warm", Station.Describe(20), "warm");
        Equal(true, Throws<ArgumentOutOfRangeException>(() => station.Add(-300)), "below zero");
        Equal(true, Throws<ArgumentNullException>(() => new Station(null)), "no name");
        return failures == 0 ? 0 : 1;
    }
}
